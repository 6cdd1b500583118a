//! deny.toml over the real graph, with nothing installed but cargo.
//!
//! Checks licences, sources, bans and duplicates. Holds no advisories: those need a database from the network, and
//! `cargo deny check advisories` reads it from the same file.

mod graph;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cargo_metadata::Package;
use cargo_metadata::semver::{Version, VersionReq};
use graph::{Graph, root};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

/// The rooms that may have Polars behind them: the report, its function, and those who run that function here.
const POLARS_ROOMS: &[&str] = &[
    "eligibility-report",
    "local",
    "report",
    "simulation",
    "tests",
    "waymark",
];

#[derive(Deserialize)]
struct Policy {
    graph: Targets,
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Targets {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
    skip: Vec<Skip>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    krate: Spec,
    /// Who may name the crate nevertheless; nobody, when empty.
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

#[derive(Deserialize)]
struct Skip {
    #[serde(rename = "crate")]
    krate: Spec,
    #[serde(rename = "reason")]
    _reason: String,
}

#[derive(Deserialize)]
struct Sources {
    #[serde(rename = "allow-registry")]
    allow_registry: Vec<String>,
    #[serde(rename = "allow-git")]
    allow_git: Vec<String>,
}

/// `name`, `name@0.10` or `name:<1`, as cargo-deny writes it.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Spec {
    name: String,
    versions: VersionReq,
}

impl TryFrom<String> for Spec {
    type Error = cargo_metadata::semver::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (name, versions) = text.split_once(['@', ':']).unwrap_or((&text, "*"));
        Ok(Self {
            name: name.to_owned(),
            versions: versions.parse()?,
        })
    }
}

impl Spec {
    fn covers(&self, package: &Package) -> bool {
        self.name == package.name.as_str() && self.versions.matches(&package.version)
    }
}

#[test]
fn every_licence_is_on_the_list() {
    each_target(|policy, graph| {
        let allowed: Vec<_> = policy
            .licenses
            .allow
            .iter()
            .map(|name| Licensee::parse(name))
            .collect();
        let allowed: Vec<_> = allowed
            .into_iter()
            .map(|name| name.expect("[licenses] allow holds SPDX names"))
            .collect();
        let broken = graph.packages().filter_map(|package| {
            let Some(licence) = &package.license else {
                return Some(format!("{} states no licence", told(package)));
            };
            // Old crates write `MIT/Apache-2.0`.
            let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
                return Some(format!(
                    "{} states {licence:?}, which is no SPDX expression",
                    told(package)
                ));
            };
            let satisfied =
                expression.evaluate(|asked| allowed.iter().any(|licensee| licensee.satisfies(asked)));
            (!satisfied).then(|| format!("{} is under {licence}", told(package)))
        });
        broken.collect()
    });
}

#[test]
fn every_crate_comes_from_crates_io_or_this_repository() {
    each_target(|policy, graph| {
        let sources = &policy.sources;
        let allowed: BTreeSet<_> = sources
            .allow_registry
            .iter()
            .map(|registry| format!("registry+{registry}"))
            .chain(
                sources
                    .allow_git
                    .iter()
                    .map(|repository| format!("git+{repository}")),
            )
            .collect();
        let foreign = graph.packages().filter(|package| match &package.source {
            Some(source) => !allowed.contains(source.repr.split('?').next().unwrap_or_default()),
            None => !graph.is_member(package),
        });
        foreign
            .map(|package| {
                let source = package
                    .source
                    .as_ref()
                    .map_or(package.manifest_path.as_str(), |s| &s.repr);
                format!("{} comes from {source}", told(package))
            })
            .collect()
    });
}

#[test]
fn no_banned_crate_is_in_the_graph_but_by_its_wrappers() {
    each_target(|policy, graph| {
        let mut broken = Vec::new();
        for user in graph.packages() {
            for used in graph.named(user) {
                let bans = policy.bans.deny.iter().filter(|ban| ban.krate.covers(used));
                let bans = bans.filter(|ban| !ban.wrappers.iter().any(|wrapper| user.name == *wrapper));
                broken.extend(bans.map(|ban| format!("{} → {}: {}", told(user), told(used), ban.reason)));
            }
        }
        broken
    });
}

#[test]
fn a_crate_that_we_name_has_one_version() {
    each_target(|policy, graph| {
        let ours: BTreeSet<_> = graph
            .members()
            .flat_map(|member| graph.named(member))
            .filter(|package| !graph.is_member(package))
            .map(|package| package.name.as_str())
            .collect();
        let mut lines: BTreeMap<&str, BTreeMap<String, Vec<&Package>>> = BTreeMap::new();
        for package in graph
            .packages()
            .filter(|package| ours.contains(package.name.as_str()))
        {
            lines
                .entry(&package.name)
                .or_default()
                .entry(line(&package.version))
                .or_default()
                .push(package);
        }
        lines.retain(|_, versions| versions.len() > 1);

        let is_skipped = |package: &Package| policy.bans.skip.iter().any(|skip| skip.krate.covers(package));
        let mut broken = Vec::new();
        for (name, versions) in &lines {
            let left = versions
                .values()
                .filter(|packages| !packages.iter().all(|package| is_skipped(package)));
            if left.count() > 1 {
                let versions = versions.keys().cloned().collect::<Vec<_>>().join(", ");
                broken.push(format!(
                    "{name} is in the graph as {versions}: agree with the others, or skip one"
                ));
            }
        }
        // A skip that skips nothing would hide the next duplicate.
        for skip in &policy.bans.skip {
            let duplicates = lines.values().flat_map(BTreeMap::values).flatten();
            if !duplicates.into_iter().any(|package| skip.krate.covers(package)) {
                broken.push(format!(
                    "skip of {} {} is no longer needed",
                    skip.krate.name, skip.krate.versions
                ));
            }
        }
        broken
    });
}

#[test]
fn no_dependency_takes_any_version() {
    each_target(|_, graph| {
        let named = graph
            .members()
            .flat_map(|room| room.dependencies.iter().map(move |used| (room, used)));
        named
            .filter(|(_, used)| used.path.is_none() && used.req == VersionReq::STAR)
            .map(|(room, used)| format!("{} → {} *", room.name, used.name))
            .collect()
    });
}

#[test]
fn only_the_report_and_those_who_run_it_carry_polars() {
    each_target(|_, graph| {
        let mut broken = Vec::new();
        for room in graph
            .members()
            .filter(|room| !POLARS_ROOMS.contains(&room.name.as_str()))
        {
            broken.extend(graph.way(room, |package| package.name.starts_with("polars")));
        }
        broken
    });
}

/// Runs a check on the graph of every target of deny.toml and fails with all that it found.
fn each_target(check: impl Fn(&Policy, &Graph) -> Vec<String>) {
    let path = root().join("deny.toml");
    let text = fs::read_to_string(&path).expect("deny.toml lies at the root of the repository");
    let policy: Policy = toml::from_str(&text).expect("deny.toml has the shape this test reads");
    for target in &policy.graph.targets {
        let broken = check(&policy, &Graph::of(target));
        assert!(
            broken.is_empty(),
            "\n  {}\nfor {target}. The rule: deny.toml, checked by {}.\n",
            broken.join("\n  "),
            file!(),
        );
    }
}

fn told(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

/// What cargo would unify: `1`, `0.10`, `0.0.3`.
fn line(version: &Version) -> String {
    match (version.major, version.minor) {
        (0, 0) => format!("0.0.{}", version.patch),
        (0, minor) => format!("0.{minor}"),
        (major, _) => major.to_string(),
    }
}
