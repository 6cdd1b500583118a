//! The workspace as `cargo metadata` tells it: its packages, and who depends on whom. Follows the lock file and needs no
//! network once the crates are fetched.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use cargo_metadata::{DependencyKind, MetadataCommand, Package, PackageId};

/// The resolved graph of every workspace member for one target.
///
/// Features are unified over the whole workspace, so a path here may be absent when one package is built alone, never
/// the other way round.
pub struct Graph {
    packages: BTreeMap<PackageId, Package>,
    members: BTreeSet<PackageId>,
    edges: BTreeMap<PackageId, Vec<Edge>>,
}

struct Edge {
    to: PackageId,
    /// A normal or a build dependency; a dev-dependency never reaches a binary.
    shipped: bool,
}

impl Graph {
    /// The graph for `target`, a target triple or `host-tuple`.
    pub fn of(target: &str) -> Self {
        let metadata = MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .other_options(["--locked", "--filter-platform", target].map(String::from))
            .exec()
            .expect("`cargo metadata --locked` works: is Cargo.lock up to date?");
        let resolve = metadata.resolve.expect("without --no-deps, cargo resolves");
        let edges: BTreeMap<_, Vec<_>> = resolve
            .nodes
            .into_iter()
            .map(|node| {
                let edges = node.deps.into_iter().map(|dep| Edge {
                    to: dep.pkg,
                    shipped: dep
                        .dep_kinds
                        .iter()
                        .any(|kind| kind.kind != DependencyKind::Development),
                });
                (node.id, edges.collect())
            })
            .collect();
        // `packages` also lists what other platforms would need.
        let packages = metadata
            .packages
            .into_iter()
            .filter(|package| edges.contains_key(&package.id));
        Self {
            packages: packages.map(|package| (package.id.clone(), package)).collect(),
            members: metadata.workspace_members.into_iter().collect(),
            edges,
        }
    }

    /// Every package of the graph.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// The packages of this repository.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.members.iter().map(|id| &self.packages[id])
    }

    /// Whether `package` is one of this repository's.
    pub fn is_member(&self, package: &Package) -> bool {
        self.members.contains(&package.id)
    }

    /// What `package` names in `[dependencies]` and `[build-dependencies]`.
    pub fn shipped(&self, package: &Package) -> impl Iterator<Item = &Package> {
        self.edges[&package.id]
            .iter()
            .filter(|edge| edge.shipped)
            .map(|edge| &self.packages[&edge.to])
    }

    /// What `package` names at all, dev-dependencies included.
    pub fn named(&self, package: &Package) -> impl Iterator<Item = &Package> {
        self.edges[&package.id]
            .iter()
            .map(|edge| &self.packages[&edge.to])
    }

    /// The shortest way over shipped dependencies from `from` to a package that is `wanted`, as
    /// `report → polars → tokio`.
    pub fn way(&self, from: &Package, wanted: impl Fn(&Package) -> bool) -> Option<String> {
        let mut came_from: BTreeMap<&PackageId, &Package> = BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(here) = queue.pop_front() {
            for next in self.shipped(here) {
                if next.id == from.id || came_from.contains_key(&next.id) {
                    continue;
                }
                came_from.insert(&next.id, here);
                if wanted(next) {
                    let back =
                        std::iter::successors(Some(next), |package| came_from.get(&package.id).copied());
                    let mut names: Vec<_> = back.map(|package| package.name.as_str()).collect();
                    names.reverse();
                    return Some(names.join(" → "));
                }
                queue.push_back(next);
            }
        }
        None
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
