//! Which room may use which: the table under "Rooms" in ARCHITECTURE.md, over the real graph.
//!
//! An allow-list. A new room or a new arrow comes here and to ARCHITECTURE.md together, with its reason in the commit.
//! Counts what ships: a room's own tests may use any other room.

mod graph;

use std::collections::BTreeMap;

use cargo_metadata::Package;
use graph::Graph;

/// Room → the rooms it may use; `shared/*` is every room of that floor.
const ARROWS: &str = "
    domain              →
    intake              → domain
    store               → domain
    lake                → domain
    report              → domain
    digest              → domain
    entrypoint          → domain

    upload-validation   → domain intake store lake entrypoint
    stall-scan          → domain intake store lake entrypoint digest
    signoff-scan        → domain intake store lake entrypoint
    night-close         → domain intake store lake entrypoint
    morning-digest      → domain intake store lake entrypoint digest
    order-history       → domain intake store lake entrypoint
    eligibility-report  → domain intake store lake entrypoint report
    diagnosis           → domain intake store lake entrypoint

    local               → shared/* functions/*
    waymark             → shared/* functions/* local
    tests               → shared/* functions/* local waymark
    simulation          → shared/* functions/* local
";

/// Room → the crates it never has, however long the way; `aws-*` is every crate so called.
const NEVER: &str = "
    domain              → tokio aws-* aws_* lambda_runtime polars tracing hyper rusqlite
    intake              → tokio aws-* aws_* lambda_runtime polars
    report              → aws-config aws-sdk-* aws-smithy-* aws_lambda_events lambda_runtime
    digest              → tokio aws-* aws_* lambda_runtime polars tracing
    store               → aws-sdk-s3 lambda_runtime polars
    lake                → aws-sdk-dynamodb lambda_runtime polars
    entrypoint          → polars
";

/// Room → the crates it never names, not even for its own tests. (Polars has a runtime of its own inside.)
const NEVER_NAMED: &str = "
    report              → tokio futures aws-*
";

#[test]
fn a_room_uses_only_the_rooms_its_arrows_allow() {
    let graph = Graph::of("host-tuple");
    let arrows: BTreeMap<_, _> = rows(ARROWS).collect();
    let mut broken = Vec::new();
    for room in graph.members() {
        let Some(allowed) = arrows.get(room.name.as_str()) else {
            broken.push(format!("{} is a room without a row", room.name));
            continue;
        };
        for used in graph.shipped(room).filter(|package| graph.is_member(package)) {
            if !allowed
                .iter()
                .any(|allowed| used.name == *allowed || floor(used) == *allowed)
            {
                broken.push(format!("{} → {} is no allowed arrow", room.name, used.name));
            }
        }
    }
    assert_none(&broken, "ARROWS");
}

#[test]
fn a_room_never_carries_what_it_must_not_know() {
    let graph = Graph::of("host-tuple");
    let mut broken = Vec::new();
    for (name, forbidden) in rows(NEVER) {
        for pattern in forbidden {
            if let Some(way) = graph.way(room(&graph, name), |package| matches(pattern, package)) {
                broken.push(format!("{name} must never have {pattern}: {way}"));
            }
        }
    }
    for (name, forbidden) in rows(NEVER_NAMED) {
        for used in graph.named(room(&graph, name)) {
            if forbidden.iter().any(|pattern| matches(pattern, used)) {
                broken.push(format!("{name} must not name {} itself", used.name));
            }
        }
    }
    assert_none(&broken, "NEVER and NEVER_NAMED");
}

/// A misspelt rule would hold for ever.
#[test]
fn every_row_of_the_tables_names_what_exists() {
    let graph = Graph::of("host-tuple");
    let is_room = |name: &str| {
        graph
            .members()
            .any(|room| room.name == name || floor(room) == name)
    };
    let mut broken = Vec::new();
    for (name, allowed) in rows(ARROWS) {
        let names = std::iter::once(name).chain(allowed);
        broken.extend(
            names
                .filter(|name| !is_room(name))
                .map(|name| format!("{name} is no room")),
        );
    }
    for (name, forbidden) in rows(NEVER).chain(rows(NEVER_NAMED)) {
        if !is_room(name) {
            broken.push(format!("{name} is no room"));
        }
        for pattern in forbidden {
            if !graph.packages().any(|package| matches(pattern, package)) {
                broken.push(format!("{pattern} is no crate of the graph"));
            }
        }
    }
    assert_none(&broken, "ARROWS, NEVER and NEVER_NAMED");
}

fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    table.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let (name, names) = line.split_once('→').expect("a row reads `room → names`");
        (name.trim(), names.split_whitespace().collect())
    })
}

fn room<'graph>(graph: &'graph Graph, name: &str) -> &'graph Package {
    graph
        .members()
        .find(|room| room.name.as_str() == name)
        .expect("a row of the tables names a room")
}

/// The floor that a room lies on, as the tables name it: `shared/*`.
fn floor(room: &Package) -> String {
    let folder = room.manifest_path.parent().and_then(|room| room.parent());
    format!(
        "{}/*",
        folder.and_then(|floor| floor.file_name()).unwrap_or_default()
    )
}

fn matches(pattern: &str, package: &Package) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => package.name.starts_with(prefix),
        None => package.name.as_str() == pattern,
    }
}

fn assert_none(broken: &[String], table: &str) {
    assert!(
        broken.is_empty(),
        "\n  {}\nThe rule: \"Rooms\" in ARCHITECTURE.md, kept in {table} of {}.\n",
        broken.join("\n  "),
        file!(),
    );
}
