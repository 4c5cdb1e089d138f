# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results about several releases. Pure; as `report`."""

from __future__ import annotations

from typing import Any

from .options.spec import Selection, Target
from .models.release import shown
from .report import Report, single
from .train import Member, Train
from .train_wording import label, member_told, report_train, several
from .wording import report_timeline


class TrainReport(Report):
    """Makes the results of one call that asks for several releases."""

    def releases(self, train: Train, request_id: str) -> dict[str, Any]:
        """Return the result of one look at several releases."""
        return {
            "msg": several(train, self.clean),
            "releases": [self._member(member, self._seen(member)) for member in _in_order(train)],
            "request_id": shown(request_id, self.clean),
        }

    def train(self, train: Train, request_id: str) -> dict[str, Any]:
        """Return the result of a gate on several releases."""
        gate = report_train(train, self.clean, self.check_mode)
        return {
            "msg": gate["message"],
            "releases": [
                {**self._member(member, member_told(member, self.clean)), **self._verdict(member)}
                for member in _in_order(train)
            ],
            "request_id": shown(request_id, self.clean),
            "gate": gate,
        }

    def entries(self, train: Train, request_id: str, waited: bool) -> list[dict[str, Any]]:
        """Return the result of each member alone, as if it had been asked for alone."""
        results = []
        for member in _in_order(train):
            if waited:
                target = Target(train.several.mesh_id, member.namespace, member.release_id)
                result = self.gate(target, member.state, member.conditions, request_id)
                results.append({**result, **self._error(member)})
            else:
                entry = self.entry(self._seen(member), member.state.release)
                results.append({**entry, "request_id": shown(request_id, self.clean)})
        return results

    def _seen(self, member: Member) -> str:
        """Return the sentence about one look at a member."""
        release = member.state.release
        if release is None:
            return member_told(member, self.clean)
        return single(release, label(member, self.clean), self.clean)

    def _member(self, member: Member, message: str) -> dict[str, Any]:
        """Return an entry of `releases`."""
        release = member.state.release if member.state.present else None
        names = {"namespace": shown(member.namespace, self.clean), "release_id": shown(member.release_id, self.clean)}
        return {**names, **self.entry(message, release)}

    def _verdict(self, member: Member) -> dict[str, Any]:
        """Return what an entry of `releases` has besides when there was a gate."""
        state = member.state
        return {
            "outcome": state.outcome or "pending",
            "reads": state.reads,
            **report_timeline(state, self.began, self.clean),
            **self._error(member),
        }

    def _error(self, member: Member) -> dict[str, Any]:
        """Return the `error` of a member, as part of its entry; nothing where there is none."""
        error = member.state.error or member.fault
        return {"error": error.report(self.clean)} if error is not None else {}


def _in_order(train: Train) -> list[Member]:
    """Return the members as they were named; those of a selection by namespace and name."""
    if not isinstance(train.several.releases, Selection):
        return list(train.members)

    def place(member: Member) -> tuple[str, str, str]:
        release = member.state.release
        return member.namespace, release.name if release else "", member.release_id

    return sorted(train.members, key=place)
