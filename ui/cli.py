"""Defines the `passagework` command. It parses, calls and prints; what it calls is loaded when it is needed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import typer

from passagework.ui.commands import (
    answering,
    calibrate as calibrating,
    doctor as doctor_command,
    duplicates as duplicating,
    evaluate as measuring,
    exchange,
    fleet as fleets,
    labels as labelling,
    mcp_serving,
    model_options as model_opt,
    models as model_list,
    options as opt,
    privacy,
    rebuilding,
    search_options as find,
    search_prompt,
    searching,
    serving,
    token as tokens,
    train as training,
    verifying,
    watching,
)
from passagework.ui.commands.collection_status import print_status
from passagework.ui.commands.garbage import look_seldom
from passagework.ui.commands.output import (
    INTERRUPTED,
    USAGE,
    parse_where,
    print_message,
    print_notes,
    print_result,
    run,
)
from passagework.ui.commands.searching import open_collection, open_searched

COMPLETION = "_PASSAGEWORK_COMPLETE"
"""The variable in which a shell's completion says what it asks for."""

STARTED_QUICKLY = frozenset({"search", "context", "serve"})
"""The commands that somebody waits for from their start on."""

app = typer.Typer(
    name="passagework",
    help="Semantic search over your own documents: a folder goes in, ranked and citable passages come out.",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100},
)


@app.callback()
def command(context: typer.Context, version: opt.VersionOption = False) -> None:  # noqa: ARG001 - its callback
    """What is said before a command's name; without one, the collection that is at hand is searched."""
    if context.invoked_subcommand is None:
        collection = search_prompt.collection_at_hand(Path())
        if collection is None:
            print_message("give a command, or name a collection to search: passagework --help lists the commands")
            raise typer.Exit(USAGE)
        search_prompt.search_on(collection)


@app.command()
def ingest(
    paths: opt.PathsArgument,
    collection: opt.CollectionOption,
    include: opt.IncludeOption = None,
    exclude: opt.ExcludeOption = None,
    dry_run: opt.DryRunOption = False,
    delete_missing: opt.DeleteMissingOption = False,
    no_ignore: opt.NoIgnoreOption = False,
    language: opt.LanguageOption = None,
    root: opt.RootsOption = None,
    whole: opt.WholeOption = False,
    encoder: opt.EncoderOption = None,
    window: opt.WindowOption = None,
    dimensions: model_opt.DimensionsOption = None,
    query_prompt: model_opt.QueryPromptOption = None,
    passage_prompt: model_opt.PassagePromptOption = None,
    passage_tokens: opt.PassageTokensOption = None,
    overlap: opt.OverlapOption = None,
    token_vectors: opt.TokenVectorsOption = None,
    pdf_password: opt.PasswordOption = None,
    ocr: opt.OcrOption = "auto",
    speech_model: opt.SpeechModelOption = None,
    pii: privacy.PiiOption = None,
    pii_kind: privacy.KindsOption = None,
    names: privacy.NamesOption = None,
    pii_originals: privacy.OriginalsOption = None,
    allow_host: opt.AllowHostOption = None,
    allow_private: opt.AllowPrivateOption = False,
    label: labelling.LabelOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Bring a collection up to date with files and folders; it is made where there is none."""
    from passagework.ingest import ingest as bring_in
    from passagework.ingest.sources.addresses import with_web_options
    from passagework.ui.commands.progress import progress_bar, telling_cost
    from passagework.ui.present import show_report

    classifier = None if label is None else labelling.checked_classifier(label, collection)
    with progress_bar() as progress:
        report = bring_in(
            with_web_options(paths, allow_hosts=allow_host or (), allow_private=allow_private),
            collection,
            include=include or (),
            exclude=exclude or (),
            delete_missing=delete_missing,
            no_ignore=no_ignore,
            language=language,
            root=root or (),
            dry_run=dry_run,
            encoder=encoder,
            window=window,
            dimensions=dimensions,
            query_prompt=query_prompt,
            passage_prompt=passage_prompt,
            passage_tokens=passage_tokens,
            overlap=overlap,
            whole=True if whole else None,
            token_vectors=token_vectors,
            pdf_password=pdf_password,
            ocr=ocr,
            speech_model=speech_model,
            pii=pii,
            pii_kinds=pii_kind or (),
            names=names,
            pii_originals=pii_originals,
            progress=telling_cost(progress),
        )
    labels = {} if classifier is None or dry_run else labelling.labelled(collection, classifier)
    print_result({**report.to_json(), **labels}, as_json, lambda console: show_report(console, report, collection))


app.command()(watching.watch)
app.command()(searching.search)
app.command()(searching.context)
app.command()(verifying.verify)
app.command()(answering.ask)


@app.command()
def status(collection: opt.CollectionOption, as_json: opt.JsonOption = False) -> None:
    """Tell what a collection holds and what it was made with, and what holds the parsers of this machine."""
    with open_collection(collection) as opened:
        state = opened.status()
    print_status(collection, state, as_json)


@app.command()
def documents(
    collection: opt.CollectionOption, where: find.WhereOption = None, as_json: opt.JsonOption = False
) -> None:
    """List documents, and the files that failed with their reasons."""
    from passagework.ui.present import documents_to_json, show_documents

    parsed = parse_where(where)
    with open_collection(collection) as opened:
        rows = opened.documents(where=parsed)
        # a file that failed has no documents that a filter could look at
        failed = [] if parsed else [source for source in opened.sources() if source.reason is not None]
        hints = opened.filter_hints(parsed) if parsed else []
    print_result(documents_to_json(rows, failed), as_json, lambda console: show_documents(console, rows, failed))
    print_notes(hints)


@app.command()
def sources(collection: opt.CollectionOption, as_json: opt.JsonOption = False) -> None:
    """List the folders that documents came from, and how many documents are gone from them."""
    from passagework.ui.present import show_roots

    with open_collection(collection) as opened:
        roots = opened.roots()
    out = {"sources": [row.to_json() for row in roots]}
    print_result(out, as_json, lambda console: show_roots(console, roots))


@app.command()
def delete(
    collection: opt.CollectionOption,
    targets: opt.TargetsArgument = None,
    where: find.WhereOption = None,
    root: opt.RootOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Take documents out of a collection; the files themselves stay where they are."""
    from passagework.ingest.maintenance.removal import delete as take_out
    from passagework.ui.present import deleted_to_json, show_deleted

    parsed = parse_where(where)
    rows = take_out(collection, targets or (), where=parsed, root=root, dry_run=dry_run)
    out = deleted_to_json(rows, dry_run=dry_run)
    print_result(out, as_json, lambda console: show_deleted(console, rows, dry_run=dry_run))
    if parsed and not rows:
        with open_collection(collection) as opened:
            print_notes(opened.filter_hints(parsed))


app.command()(duplicating.duplicates)
app.command()(duplicating.similar)
app.command()(duplicating.paraphrases)
app.command()(rebuilding.rebuild)
app.command()(doctor_command.doctor)
app.command()(exchange.export)
app.command(name="import")(exchange.import_)
app.command()(measuring.evaluate)
app.command()(measuring.compare)
app.command()(calibrating.calibrate)
app.command()(training.train)
app.command()(labelling.classify)
app.command()(model_list.models)
app.command()(privacy.scan)
app.command()(serving.serve)
app.add_typer(mcp_serving.mcp, name="mcp")
app.add_typer(tokens.token, name="token")
app.add_typer(fleets.fleet, name="fleet")


@app.command()
def ui(collection: find.SearchedOption, host: opt.HostOption = "127.0.0.1", port: opt.PortOption = 8501) -> None:
    """Serve the pages to a browser: search, read, judge, and the library. An empty folder becomes a collection."""
    from passagework.retrieval.extras import require
    from passagework.ui.web.server import LOCAL, serve

    require("ui")
    if len(collection) == 1 and collection[0].is_dir() and not any(collection[0].iterdir()):
        from passagework.ingest.maintenance.creation import create

        create(collection[0])
        print_message(f"note: {collection[0]} was empty and is a collection now: add documents on the page Library")
    with open_searched(collection):
        pass  # a missing collection is told here, not on a page
    if host not in LOCAL:
        print_message(f"listening at {host}: whoever reaches this machine can search the collection, and change it")
    if serve(collection, host=host, port=port):
        raise typer.Exit(INTERRUPTED)


def main() -> None:
    """Runs the console script, and answers a shell that asks what may follow a beginning.

    Exit codes are 0 done, 1 failed, 2 usage, 130 interrupted, and a user's mistake is one line on stderr.
    """
    if COMPLETION in os.environ:
        app(prog_name="passagework")
    if not STARTED_QUICKLY.isdisjoint(sys.argv[1:2]):
        look_seldom()
    code = run(app, sys.argv[1:])
    if code == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C doesn't wait for what is still being encoded
    sys.exit(code)


if __name__ == "__main__":
    main()
