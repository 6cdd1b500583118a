//! A season as it was lived: cut into the days on which its facts were learned, and played night by night.

use std::time::Instant;

use domain::{Clause, Month};
use serde_json::Value;
use tests::{
    Expected, OwnCloud, Season, Waymark, assert_same, entries, figures_of_months, net, real_season,
    standing_holds,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_season_played_night_by_night_comes_to_what_the_rulebook_says() {
    let Some(folder) = real_season("season-a") else {
        return;
    };
    let expected = Expected::of(&folder);
    let days = tempfile::tempdir().expect("a directory");
    Season::read(&folder).write_days(days.path(), domain::PolicyBook::shipped().zone);
    let state = tempfile::tempdir().expect("a directory");
    let waymark = Waymark::new(env!("CARGO_BIN_EXE_waymark-under-test"), state.path());

    let begun = Instant::now();
    let season = days.path().to_string_lossy().into_owned();
    let played = waymark.run(["replay", &season, "--until", "2024-06-11", "--json"]);
    eprintln!("season-a was replayed in {:.1?}", begun.elapsed());
    assert_eq!(
        played.status, 1,
        "rows were rejected, and nothing failed: {}",
        played.stderr
    );
    check_nights(&played.json_lines(), &expected);

    let verified = waymark.run(["ledger", "verify", "--json"]);
    assert_eq!(
        (verified.status, &verified.json_lines()[0]["ok"]),
        (0, &true.into()),
        "{verified:?}"
    );

    let cloud = OwnCloud::reopen(state).await;
    let ledger = entries(&cloud).await;
    assert_same("fines", expected.net.clone(), net(&ledger));
    assert_eq!(standing_holds(&ledger), expected.held);
    assert_eq!(cloud.forgotten_rows().await, Vec::<String>::new());
    let months = expected.months.iter().map(|figures| figures.month).collect();
    let found = figures_of_months(&cloud, months, expected.as_of).await;
    assert_same("figures", expected.months.clone(), found);
}

/// What the command told of its nights.
fn check_nights(lines: &[Value], expected: &Expected) {
    let (totals, nights) = lines.split_last().expect("a line a day, and the totals");
    assert_eq!(nights.len(), 109, "2024-02-24 to 2024-06-11");
    assert_eq!(nights[nights.len() - 1]["as_of"], expected.as_of.to_string());
    for night in nights {
        for scan in ["stalls", "signoffs"] {
            assert!(
                night[scan]["failed_count"] == 0 && night[scan]["superseded"] == false,
                "{night}"
            );
        }
    }
    let count = |name: &str| totals["totals"][name].as_u64().expect("a count");
    // Rows came before their parents; those whose parents came later were applied, or the fines would not be right.
    assert!(count("parked") > expected.unknown_events / 2, "{totals}");
    assert!(count("reversed") > 100, "late events took fines back: {totals}");
    let cents: i64 = expected.totals.values().map(|(_, cents)| cents).sum();
    assert_eq!(
        totals["totals"]["balance"],
        format!("{}.{:02}", cents / 100, cents % 100)
    );
    assert!(expected.totals.contains_key(&Clause::B4));
    let reports: Vec<Month> = nights
        .iter()
        .flat_map(|night| night["reports"].as_array().expect("a list"))
        .map(|month| {
            month
                .as_str()
                .and_then(|month| month.parse().ok())
                .expect("a month")
        })
        .collect();
    let months = ["2024-02", "2024-03", "2024-04", "2024-05"].map(|month| month.parse().expect("a month"));
    assert_eq!(
        reports, months,
        "each month's report is written once, when it is final"
    );
}
