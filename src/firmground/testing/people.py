"""The contract of the chapter on people, groups and scopes."""
# ruff: noqa: S101 - a contract suite asserts

import pytest

from firmground.errors import InvalidInput, NotFound, Refused
from firmground.ports import Database


class PeopleContract:
    """Part of `firmground.testing.database.DatabaseContract`."""

    def reopened(self, database: Database) -> Database:
        raise NotImplementedError("open the same data once more")

    # ------------------------------------------------------------ people

    def test_an_actor_is_in_everyone_public_and_their_groups(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", groups=["hr"])
            tx.add_person("root", role="admin")
            tx.add_group("law")
            tx.add_member("law", "ada")
            tx.add_member("law", "ada")
            actor = tx.actor("ada", via="http")
            assert actor.groups == {"everyone", "public", "hr", "law"}
            assert (actor.may("see_all"), actor.via) == (False, "http")
            assert tx.actor("root").may("see_all")
            assert tx.people() == {"ada": actor.groups, "root": {"everyone", "public"}}

    def test_groups_that_a_provider_gave_go_with_its_word_and_those_given_by_hand_stay(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", groups=["hr"])
            for group in ("hr", "law", "it"):
                tx.add_member(group, "ada", origin="https://id.example")
            tx.add_member("it", "ada")
            tx.drop_members("ada", origin="https://id.example")
            assert tx.people()["ada"] == {"everyone", "public", "hr", "it"}

    def test_an_unknown_person_is_not_found_and_the_nearest_is_named(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada.lovelace")
        with database.reading() as tx, pytest.raises(NotFound, match=r"ada\.lovelace"):
            tx.actor("ada.lovelac")
        with database.transaction() as tx, pytest.raises(NotFound, match="no person 'bob'"):
            tx.add_member("hr", "bob")

    def test_adding_a_person_twice_changes_nothing_and_gives_no_rights(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", groups=["hr"])
            tx.add_person("ada")
            with pytest.raises(InvalidInput, match="with the role user"):
                tx.add_person("ada", role="admin")
            assert tx.people() == {"ada": {"everyone", "public", "hr"}}

    def test_who_leaves_a_group_is_not_in_it_and_stays_in_the_others(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", groups=["hr", "law"])
            tx.add_person("bob", groups=["hr"])
            scope = tx.scope(["hr"])
            tx.remove_member("hr", "ada")
            assert tx.actor("ada").groups == {"everyone", "public", "law"}
            assert tx.groups() == {"hr": {"bob"}, "law": {"ada"}}
            assert tx.visible_scopes(["hr"]) == {scope}, "the group stays, for documents and others"
            for group, person, message in (
                ("hr", "ada", "no person 'ada' in the group 'hr'"),
                ("hr", "eve", "no person 'eve'"),
                ("laws", "ada", "no group 'laws': did you mean 'law'"),
            ):
                with pytest.raises(NotFound, match=message):
                    tx.remove_member(group, person)
            with pytest.raises(InvalidInput, match="nobody leaves"):
                tx.remove_member("everyone", "ada")

    def test_a_removed_person_is_unknown_and_comes_back_without_their_groups(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", role="admin", groups=["hr"])
            tx.scope(["public"])
            tx.remove_person("ada")
            assert (tx.people(), tx.groups()) == ({}, {"hr": frozenset(), "public": frozenset()})
            for unknown in (tx.actor, tx.remove_person):
                with pytest.raises(NotFound, match="no person 'ada'"):
                    unknown("ada")
            tx.add_person("ada")
            assert (tx.actor("ada").may("see_all"), tx.groups()["public"]) == (False, {"ada"})
            assert tx.people() == {"ada": {"everyone", "public"}}

    @pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
    def test_a_name_that_cannot_be_one_is_refused(self, database: Database, name: str):
        with database.transaction() as tx:
            with pytest.raises(InvalidInput, match="cannot be the name"):
                tx.add_person(name)
            with pytest.raises(InvalidInput, match="cannot be the name"):
                tx.add_group(name)

    # ------------------------------------------------------------ scopes

    def test_equal_sets_of_groups_are_one_scope(self, database: Database):
        with database.transaction() as tx:
            scope = tx.scope(["hr", "law"])
            assert tx.scope(("law", "hr", "law")) == scope
            assert tx.scope(["hr"]) != scope
        with database.transaction() as tx:
            assert tx.scope({"law", "hr"}) == scope

    def test_a_scope_is_visible_to_each_of_its_groups(self, database: Database):
        with database.transaction() as tx:
            both, hr, nobody = tx.scope(["hr", "law"]), tx.scope(["hr"]), tx.scope([])
            assert tx.visible_scopes(["hr"]) == {both, hr}
            assert tx.visible_scopes({"law", "unknown"}) == {both}
            assert tx.visible_scopes([]) == frozenset()
            assert nobody not in tx.visible_scopes(["hr", "law", "public"])

    def test_a_person_in_many_groups_sees_all_their_scopes(self, database: Database):
        with database.transaction() as tx:
            scopes = {tx.scope([f"group-{n}", "hr"]) for n in range(0, 1200, 60)}
            wide = tx.scope([f"group-{n}" for n in range(1200)])
            assert tx.visible_scopes([f"group-{n}" for n in range(1200)]) == {wide, *scopes}
            assert tx.visible_scopes(["hr"]) == scopes

    def test_what_a_process_remembers_of_people_is_over_with_the_change_of_any_other(self, database: Database):
        def seen(mine: Database) -> tuple[frozenset[str], str, frozenset[int]]:
            with mine.reading() as tx:
                actor = tx.actor("ada")
                return actor.groups - {"everyone", "public"}, actor.role, tx.visible_scopes(actor.groups)

        other = self.reopened(database)
        with database.transaction() as tx:
            tx.add_person("ada", groups=["hr"])
            hr, law = tx.scope(["hr"]), tx.scope(["law"])
            assert tx.visible_scopes(tx.actor("ada").groups) == {hr}
        for mine in (database, other):
            assert seen(mine) == ({"hr"}, "user", {hr})
        with other.transaction() as tx:
            tx.add_member("law", "ada")
            tx.set_role("ada", "reviewer")
        for mine in (database, other):
            assert seen(mine) == ({"hr", "law"}, "reviewer", {hr, law})
        with database.transaction() as tx:
            tx.remove_member("hr", "ada")
            both = tx.scope(["law", "works"])
        for mine in (database, other):
            assert seen(mine) == ({"law"}, "reviewer", {law, both})

    def test_what_is_undone_is_not_remembered(self, database: Database):
        def fail() -> None:
            with database.transaction() as tx:
                tx.add_member("board", "ada")
                assert "board" in tx.actor("ada").groups
                raise ZeroDivisionError

        with database.transaction() as tx:
            tx.add_person("ada")
        with pytest.raises(ZeroDivisionError):
            fail()
        with database.reading() as tx:
            assert "board" not in tx.actor("ada").groups

    # ------------------------------------------------------------ pages of them

    def test_people_come_in_pages_with_their_role_and_how_many_groups_they_are_in(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", role="admin", groups=["hr", "law"])
            for name in ("Ärzte", "bob", "eve"):
                tx.add_person(name)
            tx.add_member("hr", "eve")
            everybody = [("ada", "admin", 2), ("bob", "user", 0), ("eve", "user", 1), ("Ärzte", "user", 0)]
            assert tx.people_page() == everybody
            assert tx.people_page(limit=2) == everybody[:2]
            assert tx.people_page(after="bob", limit=2) == everybody[2:]
            assert tx.people_page(search="ÄRZ") == everybody[3:], "letters of any language, in any case"
            assert tx.people_page(search="%") == tx.people_page(search="_") == [], "no signs of a pattern"
            assert tx.roles() == {name: role for name, role, _ in everybody}

    def test_groups_come_in_pages_with_how_many_are_in_each(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", groups=["hr", "law"])
            tx.add_person("bob", groups=["hr"])
            tx.scope(["everyone", "legal"])
            assert tx.groups_page() == [("everyone", 2), ("hr", 2), ("law", 1), ("legal", 0)]
            assert tx.groups_page(after="everyone", limit=1) == [("hr", 2)]
            assert tx.groups_page(search="LA") == [("law", 1)]
            assert tx.has_group("legal")
            assert tx.has_group("public"), "which nobody need make"
            assert not tx.has_group("la")

    def test_the_members_of_a_group_come_in_pages_with_who_put_them_there(self, database: Database):
        with database.transaction() as tx:
            for name in ("ada", "bob", "eve"):
                tx.add_person(name)
            tx.add_member("hr", "bob")
            tx.add_member("hr", "ada", origin="https://id.example")
            tx.scope(["everyone"])
            assert tx.members("hr") == [("ada", "https://id.example"), ("bob", "")]
            assert tx.members("hr", after="ada", limit=5) == [("bob", "")]
            assert tx.members("everyone", limit=2) == tx.members("public", limit=2) == [("ada", ""), ("bob", "")]
            assert tx.groups_of("ada") == {"hr": "https://id.example"}
            assert tx.groups_of("eve") == {}
            assert tx.has_person("eve")
            assert not tx.has_person("ev")
            for wrong in (lambda: tx.members("hrx"), lambda: tx.groups_of("evee")):
                with pytest.raises(NotFound, match="did you mean"):
                    wrong()

    # ------------------------------------------------------------ other names

    def test_a_group_by_another_name_has_its_members_and_sees_what_it_saw(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", groups=["hr", "law"])
            both, hr = tx.scope(["hr", "law"]), tx.scope(["hr"])
        with database.transaction() as tx:
            tx.rename_group("hr", "zeal")
            assert tx.actor("ada").groups == {"everyone", "public", "zeal", "law"}
            assert tx.visible_scopes(["zeal"]) == {both, hr}
            assert tx.visible_scopes(["hr"]) == frozenset()
            assert (tx.scope(["zeal"]), tx.scope(["law", "zeal"])) == (hr, both), "the same set is the same scope"
            assert tx.scope(["hr"]) not in {hr, both}, "one that is called so later is another"
        with database.transaction() as tx:
            for wrong, error in ((("no", "x"), NotFound), (("law", "zeal"), InvalidInput), (("public", "x"), InvalidInput)):
                with pytest.raises(error):
                    tx.rename_group(*wrong)

    def test_only_a_group_that_means_nothing_any_more_is_removed(self, database: Database):
        with database.transaction() as tx:
            tx.add_person("ada", groups=["hr"])
            tx.add_group("old")
            tx.scope(["law"])
            tx.drop_group("old")
            assert not tx.has_group("old")
            for group, message in (("hr", "people in"), ("law", "documents are or were")):
                with pytest.raises(Refused, match=message):
                    tx.drop_group(group)
            with pytest.raises(NotFound, match="no group 'old'"):
                tx.drop_group("old")
