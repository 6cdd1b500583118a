//! What the demo prints, as far as a terminal's width goes.

use super::waymark;

#[test]
fn a_week_of_the_demo_is_a_line_of_80_columns() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("out");
    let out = out.to_str().expect("a path");
    let ran = waymark(&directory.path().join("state")).run(["demo", "--orders", "60", "--out", out]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let weeks: Vec<_> = ran.stdout.lines().filter(|line| line.contains(" – ")).collect();
    assert!(
        weeks.len() > 10 && weeks.iter().any(|week| week.contains("report 2024-")),
        "{weeks:?}"
    );
    for week in weeks {
        assert!(week.chars().count() <= 80, "{week}");
    }
}
