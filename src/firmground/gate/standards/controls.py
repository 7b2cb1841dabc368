"""Controls: each is computed from how the workspace is configured, in one line; empty where it is off."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from firmground.gate.brief import Brief, is_answered
from firmground.gate.standards.setup import Setup
from firmground.settings_limits import SpendingLimits

_OPEN = frozenset({"everyone", "public"})
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"


class Control(NamedTuple):
    look: Callable[[Setup], str]
    how: str
    """How to switch it on; empty where its absence is no lack."""


def _quarantine(setup: Setup) -> str:
    on = setup.settings.guard.quarantine_instructions
    return "Documents that seem to give orders to a model wait until a person releases them." if on else ""


def _masked(setup: Setup) -> str:
    sources = setup.settings.sources
    done = sum(each.personal_data != "allow" for each in sources)
    return f"Personal data in documents of {done} of {len(sources)} sources is masked, or they wait for a person." if done else ""


def _masked_questions(setup: Setup) -> str:
    becomes = {
        "mask": "Personal data in questions is replaced before anybody reads it.",
        "refuse": "Questions with personal data are refused.",
    }
    return becomes.get(setup.settings.guard.questions, "")


def _out_of_scope(setup: Setup) -> str:
    examples = len(setup.facts.release.spec.answering.out_of_scope)
    return f"{examples} examples say what is not answered." if examples else ""


def _refuses(setup: Setup) -> str:
    threshold = setup.facts.release.spec.answering.confidence.threshold
    return f"Below a confidence of {threshold:.2f} no answer is given." if threshold > 0 else ""


def _calibrated(setup: Setup) -> str:
    on = setup.facts.release.spec.answering.confidence.calibrated_on
    return f"Confidence was calibrated on {on}." if on and setup.facts.calibration_stale is not None else ""


def _quotes(setup: Setup) -> str:
    return "" if setup.models else "No language model writes: answers are quoted word for word."


def _checked(setup: Setup) -> str:
    if not setup.models:
        return ""
    becomes = {"drop": "left out", "draft": "held for a person"}[setup.facts.release.spec.answering.generation.on_mismatch]
    return f"Each sentence of a model is checked against its passages; one that does not hold is {becomes}."


def _judge(setup: Setup) -> str:
    judge = setup.facts.release.spec.answering.generation.judge
    return f"{judge} gives a second opinion on each sentence." if judge and setup.models else ""


def _budget(setup: Setup) -> str:
    most = setup.facts.release.spec.answering.generation.budget_usd
    return f"An answer may cost at most ${most:g}." if most is not None and setup.models else ""


def _fallbacks(setup: Setup) -> str:
    names = setup.facts.release.spec.answering.generation.routing.fallbacks
    return f"When a model fails, {', '.join(names)} and then quotes answer." if names and setup.models else ""


def _servers(setup: Setup) -> str:
    servers = setup.settings.models
    if not servers or not all(_private(each.base_url) for each in servers.values()):
        return ""
    return f"Every model server ({', '.join(sorted(servers))}) is reached by https or on this machine."


def _private(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.hostname or "") in _HERE


def _local_embedder(setup: Setup) -> str:
    name = setup.settings.index.embedder
    remote = name.partition("/")[0] in setup.settings.models
    return "" if remote else "Documents and questions are embedded here, and sent nowhere for it."


def _pinned(setup: Setup) -> str:
    known = setup.settings.index.embedder == _DEFAULT_EMBEDDER
    return "The embedding model is the one whose hash the program knows." if known else ""


def _frozen(setup: Setup) -> str:
    release = setup.facts.release
    return f"Release {release.number} is frozen: models, prompts and settings under one digest." if release.number else ""


def _accounts(setup: Setup) -> str:
    return "People sign in; nobody asks without an account or a key." if setup.owner else ""


def _permissions(setup: Setup) -> str:
    sources = setup.settings.sources
    named = [
        each.name
        for each in sources
        if set(each.groups) - _OPEN or not each.groups or any(set(rule.groups or _OPEN) - _OPEN for rule in each.rules)
    ]
    return f"{len(named)} of {len(sources)} sources are for named groups, in all or in part." if named else ""


def _hosts(setup: Setup) -> str:
    serve = setup.settings.serve
    names = [each for each in (serve.url, *serve.hosts) if each]
    return f"The server answers only to {', '.join(names)}." if names else ""


def _keys_expire(setup: Setup) -> str:
    if any(key.expires_at is None for key in setup.keys):
        return ""
    return f"Each of the {len(setup.keys)} keys of programs expires." if setup.keys else "No program has a key."


def _keys_scoped(setup: Setup) -> str:
    if any(key.person is not None and key.scopes is None for key in setup.keys):
        return ""
    return f"Each of the {len(setup.keys)} keys of programs says what it is for." if setup.keys else "No program has a key."


def _sign_on(setup: Setup) -> str:
    oidc = setup.settings.oidc
    return f"People sign in with {oidc.name}, which says who they are and in which groups." if oidc.issuer else ""


def _budgets(setup: Setup) -> str:
    limits = setup.settings.limits
    named = {"a person": limits.person, "a key": limits.key, "the workspace": limits.workspace}
    spent = [name for name, each in named.items() if _is_limited(each)]
    return f"What {', '.join(spent)} may spend in a day or a month is limited; then answers are quotes." if spent else ""


def _is_limited(limits: SpendingLimits) -> bool:
    return any((limits.tokens_a_day, limits.tokens_a_month, limits.usd_a_day, limits.usd_a_month))


def _retention(setup: Setup) -> str:
    days = setup.settings.retention.answers
    return f"Answers are deleted after {days} days." if days else ""


def _consent(setup: Setup) -> str:
    return "Everybody agrees to a text before their first question." if setup.settings.consent.text_file else ""


def _cases(setup: Setup) -> str:
    own = setup.own_cases
    never = sum(bool(case.unacceptable) for case in own)
    return f"{len(own)} golden cases of your own, {never} of which say what is unacceptable." if own else ""


def _sensitive_cases(setup: Setup) -> str:
    count = sum(case.kind == "sensitive" for case in setup.own_cases)
    return f"{count} golden cases of your own ask what is sensitive." if count else ""


def _policy(setup: Setup) -> str:
    count = len(setup.policy.requirements) if setup.policy else 0
    return f"{count} requirements are asked before a release goes live." if count else ""


def _approvals(setup: Setup) -> str:
    count = setup.policy.gate.approvals if setup.policy else 0
    return f"{count} people must agree before a release goes live." if count > 1 else ""


def _gate(setup: Setup) -> str:
    live = setup.live
    return (
        f"Release {live.number} went live on {live.since:%Y-%m-%d} by its audit."
        if live and live.audit and not live.override
        else ""
    )


def _ledger(setup: Setup) -> str:
    return f"Decisions are recorded in a chain; it has {setup.entries} so far." if setup.entries else ""


def _governed(setup: Setup) -> str:
    sources = setup.facts.sources
    owned = bool(sources) and all(each.owner for each in sources)
    return f"Each of the {len(sources)} sources has an owner." if owned else ""


def _brief(said: str, *fields: str) -> Control:
    """Of what the brief answers; the sample's brief answers nothing."""

    def look(setup: Setup) -> str:
        brief: Brief | None = setup.facts.brief
        answered = brief is not None and not brief.sample and all(is_answered(brief, field) for field in fields)
        return said if answered else ""

    return Control(look, f"answer {', '.join(fields)} in the brief")


CONTROLS: Mapping[str, Control] = {
    "quarantine": Control(_quarantine, "set guard.quarantine_instructions = true"),
    "masked": Control(_masked, 'set personal_data = "mask" for a source'),
    "masked_questions": Control(_masked_questions, 'set guard.questions = "mask"'),
    "out_of_scope": Control(_out_of_scope, "give examples under answer.out_of_scope"),
    "refuses": Control(_refuses, "raise answer.threshold above 0, or take it out"),
    "calibrated": Control(_calibrated, "run `firmground release calibrate`"),
    "quotes": Control(_quotes, ""),
    "checked": Control(_checked, ""),
    "judge": Control(_judge, ""),
    "budget": Control(_budget, "set answer.budget_usd, where a model is asked"),
    "fallbacks": Control(_fallbacks, ""),
    "servers": Control(_servers, "reach every model server by https, where there is one"),
    "local_embedder": Control(_local_embedder, "name an embedding model that runs here under index.embedder"),
    "pinned": Control(_pinned, "use the default embedding model, or check the hash of yours yourself"),
    "frozen": Control(_frozen, "run `firmground release create`"),
    "accounts": Control(_accounts, "make the first owner, see the how-to on letting people in"),
    "permissions": Control(_permissions, "name groups for a source in firmground.toml"),
    "hosts": Control(_hosts, "set serve.url or serve.hosts"),
    "keys_expire": Control(_keys_expire, "replace keys without an end by ones that expire"),
    "keys_scoped": Control(_keys_scoped, "make keys with `firmground key add --scope`, and remove those without"),
    "sign_on": Control(_sign_on, ""),
    "budgets": Control(_budgets, "set limits.workspace or limits.person, where a model is asked"),
    "retention": Control(_retention, "set retention.answers"),
    "consent": Control(_consent, "name a text under consent.text_file"),
    "cases": Control(_cases, "write golden cases of your own"),
    "sensitive_cases": Control(_sensitive_cases, "write golden cases of the kind `sensitive`"),
    "policy": Control(_policy, "write policy.toml, see `firmground policy`"),
    "approvals": Control(_approvals, "set gate.approvals = 2 in policy.toml"),
    "gate": Control(_gate, "promote a release that passes its audit"),
    "ledger": Control(_ledger, "nothing is recorded yet: the first decision begins it"),
    "governed": Control(_governed, "name an owner for each source"),
    "owners": _brief("The brief names who owns the work and who decides.", "workflow_owner", "decision_owner"),
    "purpose": _brief("The brief says who asks, when and for what.", "user_role", "trigger", "input", "output"),
    "task": _brief("The brief says what the system does, and nothing more.", "ai_task"),
    "limitations": _brief("The brief names known limitations, and askers are shown them.", "known_limitations"),
    "actions": _brief("The brief says what it may do and never does.", "allowed_actions", "blocked_actions"),
    "review": _brief("The brief says who looks at an answer before it counts.", "review_point", "final_action"),
    "consequence": _brief("The brief says what a wrong answer can cost, and whom.", "consequence_of_error"),
    "metric": _brief(
        "The brief names how success is measured, with its baseline.", "success_metric.name", "success_metric.baseline"
    ),
    "alerts": _brief("The brief says who is called when something is wrong.", "alert_owner", "sla.alert_route"),
    "fallback_path": _brief("The brief says what people do when it does not work.", "fallback_path"),
    "rollback_path": _brief("The brief says how it goes back to what worked.", "rollback_path"),
    "review_date": _brief("The brief names the day on which all of this is looked at again.", "first_review"),
}


def _limits(setup: Setup) -> str:
    serve, generation = setup.settings.serve, setup.facts.release.spec.answering.generation
    return (
        f"A question has at most {serve.max_question_characters:,} characters, a person at most {serve.person_answers_under_way} answers"
        f" under way, a model's answer at most {generation.max_output_tokens:,} tokens."
    )


BUILT_IN: Mapping[str, Callable[[Setup], str]] = {
    "limits": _limits,
    "roles": lambda _: "A role says what each person may do; a door that no table names is shut.",
    "own_data": lambda _: "People see, take with them and delete what is kept of them.",
    "no_tools": lambda _: "A model is given no tool: all it can do is write text that is checked.",
    "cited": lambda _: "Each sentence of an answer names the passage that it rests on.",
    "confidence_shown": lambda _: "Each answer says how sure it is, and that it can be wrong.",
    "escaped": lambda _: "Answers and documents are shown as text: pages escape both, and run no script of others.",
    "in_the_search": lambda _: "What a person may see decides inside the search, not after it.",
    "erased": lambda _: "A document that is erased goes from index, answers and files.",
    "no_secrets": lambda _: "Keys of model servers are read from the environment: no prompt and no release holds them.",
    "locked": lambda _: "The program names each of its dependencies with its hash in a lock file.",
    "materials": lambda _: "A signed release comes with a bill of materials, and packages are let in by licence.",
    "verified": lambda _: "Files of the default embedding model are compared with known hashes before they are read.",
    "kept": lambda _: "Answers are kept with their evidence and steps, and can be replayed.",
    "opinions": lambda _: "Whoever reads an answer can say on the page that it is wrong, or ask for a person.",
    "rollback": lambda _: "Any earlier release can be made live again at once.",
}
"""What holds whatever is configured."""
