//! An order stage by stage.

use super::*;

#[test]
fn an_order_in_order_passes_every_stage_that_applies() {
    let told = of_order(&Case::travelled(&TRAVEL), day(40));
    assert_eq!(told.standing, Standing::Passed);
    for stage in &told.stages {
        let expected = match stage.stage {
            StageName::CustomsPapers | StageName::Appeals => Standing::NotApplicable,
            _ => Standing::Passed,
        };
        assert_eq!(stage.standing, expected, "{stage:?}");
    }
    assert_eq!(
        told.stages.iter().map(|stage| stage.stage).collect::<Vec<_>>(),
        StageName::ALL
    );
    assert_eq!(
        (told.fined, told.at_stake, told.clauses.len()),
        (Cents::ZERO, Cents::ZERO, 0)
    );
    assert_eq!(
        told.seller_id.as_ref().map(ToString::to_string).as_deref(),
        Some(SELLER)
    );
    assert_says(stage(&told, StageName::Pickup), &["10 h 00 m <= 48 h 00 m"]);
    assert_says(
        stage(&told, StageName::Format),
        &["DHL", "check digit right", "校验位正确"],
    );
}

#[test]
fn a_late_upload_fails_without_money_and_an_upload_in_time_passes() {
    let late = Case::paid("80.10").upload(NUMBERS[0], SendType::All, hour(27));
    let told = of_order(&late, hour(30));
    let late = stage(&told, StageName::UploadTime);
    assert_eq!(
        (late.standing, late.family, late.fined),
        (Standing::Failed, Some(Family::Trace), Cents::ZERO)
    );
    assert_eq!(late.clauses, ["A1"]);
    assert_says(late, &["27 h 00 m > 24 h 00 m"]);
    let none = Case::paid("80.10");
    assert_eq!(standing(&none, StageName::UploadTime, hour(1)), Standing::Pending);
    assert_eq!(
        standing(&none, StageName::UploadTime, hour(20)),
        Standing::AtRisk,
        "urgent, as on the board"
    );
    assert_eq!(standing(&none, StageName::UploadTime, hour(25)), Standing::Failed);
    let cancelled = none.status(OrderStatus::Cancelled, hour(3));
    assert_eq!(
        standing(&cancelled, StageName::UploadTime, hour(25)),
        Standing::NotApplicable
    );
}

#[test]
fn a_pickup_fails_late_or_missing_and_a_replaced_number_has_none() {
    let silent = Case::shipped();
    assert_eq!(standing(&silent, StageName::Pickup, hour(48)), Standing::AtRisk);
    let told = of_order(&silent, hour(49));
    assert_eq!(stage(&told, StageName::Pickup).standing, Standing::Failed);
    assert_says(
        stage(&told, StageName::Pickup),
        &["49 h 00 m > 48 h 00 m", "承运商"],
    );
    assert_eq!(
        stage(&told, StageName::Staleness).standing,
        Standing::NotApplicable,
        "B1's silence is never B3's"
    );
    let late = Case::travelled(&[(Node::PickedUp, 50)]);
    assert_eq!(standing(&late, StageName::Pickup, hour(51)), Standing::Failed);
    let replaced = silent.upload(NUMBERS[1], SendType::All, hour(60));
    let old = of_number(&replaced, NUMBERS[0], hour(61));
    assert_eq!(stage(&old, StageName::Pickup).standing, Standing::NotApplicable);
    assert_says(stage(&old, StageName::Order), &["replaced"]);
}

#[test]
fn nodes_tell_what_is_there_what_is_missing_and_what_comes_next() {
    let on_its_way = Case::travelled(&TRAVEL[..3]);
    let told = of_order(&on_its_way, hour(90));
    let nodes = stage(&told, StageName::Nodes);
    assert_eq!(nodes.standing, Standing::Pending);
    assert_says(
        nodes,
        &[
            "4 of the eight",
            "next expected: arrived",
            "下一个应为：到达目的国",
        ],
    );
    let skipped = Case::travelled(&[(Node::PickedUp, 10), (Node::ImportCustoms, 30)]);
    let told = of_order(&skipped, hour(40));
    assert_eq!(stage(&told, StageName::Nodes).standing, Standing::AtRisk);
    assert_says(
        stage(&told, StageName::Nodes),
        &["export customs did not come", "出口清关"],
    );
    let ended = Case::travelled(&[
        (Node::PickedUp, 10),
        (Node::ImportCustoms, 30),
        (Node::Signed, 50),
    ]);
    let told = of_order(&ended, hour(60));
    assert_eq!(stage(&told, StageName::Nodes).standing, Standing::Failed);
    assert_says(
        stage(&told, StageName::Nodes),
        &["missing: export customs, out for delivery", "缺少"],
    );
}

#[test]
fn a_silence_is_told_with_its_comparison_its_fine_and_what_the_ledger_holds() {
    let mut case = Case::travelled(&[(Node::PickedUp, 10), (Node::InTransit, 70)]);
    let told = of_order(&case, hour(80));
    let silent = stage(&told, StageName::Staleness);
    assert_eq!(
        (silent.standing, silent.fined, silent.at_stake),
        (Standing::Failed, Cents::ZERO, cents("2.40"))
    );
    assert_says(
        silent,
        &["60 h 00 m > 48 h 00 m", "Tracking gaps over the limit: 1"],
    );
    assert_says(
        stage(&told, StageName::Fines),
        &["not posted yet: USD 1.20", "下次夜间"],
    );
    case.settle(hour(80));
    let told = of_order(&case, hour(80));
    assert_eq!(stage(&told, StageName::Staleness).fined, cents("1.20"));
    assert_eq!(told.fined, cents("1.20"));
    // Before that night the ledger held nothing.
    assert_eq!(of_order(&case, hour(79)).fined, Cents::ZERO);
    let healed = case.event_learned(NUMBERS[0], Node::ExportCustoms, hour(40), hour(90));
    let told = of_order(&healed, hour(91));
    assert_ne!(stage(&told, StageName::Staleness).standing, Standing::Failed);
    assert_says(stage(&told, StageName::Fines), &["No longer due: USD 1.20"]);
}

#[test]
fn a_long_silence_that_goes_on_is_at_risk_before_it_costs() {
    let case = Case::travelled(&[(Node::PickedUp, 10)]);
    assert_eq!(standing(&case, StageName::Staleness, hour(20)), Standing::Pending);
    let told = of_order(&case, hour(50));
    let near = stage(&told, StageName::Staleness);
    assert_eq!(
        (near.standing, near.at_stake, near.deadline),
        (Standing::AtRisk, cents("1.20"), Some(hour(58)))
    );
    assert_says(near, &["8 h 00 m left", "剩余 8 h 00 m"]);
}

#[test]
fn an_accepted_appeal_excuses_a_silence() {
    let case = Case::travelled(&[(Node::PickedUp, 10), (Node::InTransit, 70)]);
    let case = case.appeal(decision_fact(
        AppealedClause::B3,
        AppealStatus::Accepted,
        hour(71),
        hour(75),
    ));
    assert_eq!(standing(&case, StageName::Staleness, hour(74)), Standing::Failed);
    let told = of_order(&case, hour(76));
    assert_eq!(stage(&told, StageName::Staleness).standing, Standing::Passed);
    assert_says(
        stage(&told, StageName::Staleness),
        &["60 h 00 m > 48 h 00 m", "申诉已通过"],
    );
    assert_eq!(stage(&told, StageName::Appeals).standing, Standing::Passed);
}

#[test]
fn a_sign_off_runs_fails_is_held_excused_or_exempt() {
    let case = Case::travelled(&TRAVEL[..7]);
    assert_eq!(standing(&case, StageName::SignOff, day(20)), Standing::Pending);
    let told = of_order(&case, day(26));
    let near = stage(&told, StageName::SignOff);
    assert_eq!((near.standing, near.at_stake), (Standing::AtRisk, cents("4.01")));
    let told = of_order(&case, deadline().next());
    let late = stage(&told, StageName::SignOff);
    assert_eq!(
        (late.standing, late.at_stake, late.clauses.as_slice()),
        (Standing::Failed, cents("4.01"), &["B4"][..])
    );
    assert_says(late, &["5 % of 80.10", "not signed"]);
    let held = case
        .clone()
        .appeal(appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(28)));
    let told = of_order(&held, deadline().next());
    assert_eq!(stage(&told, StageName::SignOff).standing, Standing::AtRisk);
    assert_eq!(stage(&told, StageName::Appeals).standing, Standing::Pending);
    assert_says(
        stage(&told, StageName::Appeals),
        &["A-1 against B4", "pending", "处理中"],
    );
    let accepted = held.appeal(decision_fact(
        AppealedClause::B4,
        AppealStatus::Accepted,
        day(28),
        day(32),
    ));
    assert_eq!(standing(&accepted, StageName::SignOff, day(33)), Standing::Passed);
    let refused = case.clone().appeal(decision_fact(
        AppealedClause::B4,
        AppealStatus::Rejected,
        day(28),
        day(32),
    ));
    let told = of_order(&refused, day(33));
    let appeals = stage(&told, StageName::Appeals);
    assert_eq!(
        (appeals.standing, appeals.family),
        (Standing::Failed, Some(Family::Trace))
    );
    assert_says(appeals, &["The fine stands", "罚金成立"]);
    let exempt = case.status(OrderStatus::Refunded, day(29));
    assert_eq!(
        standing(&exempt, StageName::SignOff, day(33)),
        Standing::NotApplicable
    );
    let worthless = Case::paid("0.09");
    assert_eq!(
        standing(&worthless, StageName::SignOff, day(20)),
        Standing::Pending
    );
    assert_eq!(
        standing(&worthless, StageName::SignOff, day(33)),
        Standing::Failed
    );
}

#[test]
fn a_lost_appeal_tells_of_a_fine_only_where_one_is_to_be_paid() {
    let case = Case::travelled(&TRAVEL[..7]).appeal(decision_fact(
        AppealedClause::B4,
        AppealStatus::Withdrawn,
        day(27),
        day(29),
    ));
    // The deadline has not passed; then it has, and a second appeal holds the fine.
    let held = case.clone().appeal(AppealFact {
        appeal_id: "A-2".to_owned(),
        ..appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(29))
    });
    for (case, as_of) in [(&case, day(29)), (&held, deadline().next())] {
        let told = of_order(case, as_of);
        let appeals = stage(&told, StageName::Appeals);
        assert_says(
            appeals,
            &[
                "withdrawn",
                "No fine is to be paid under B4 now.",
                "目前B4没有应付罚金。",
            ],
        );
        let said = format!("{appeals:?}");
        assert!(
            !said.contains("The fine stands") && !said.contains("罚金成立"),
            "{said}"
        );
    }
    let told = of_order(&case, day(29));
    assert_eq!(stage(&told, StageName::Appeals).remedy, None);
    assert_eq!(stage(&told, StageName::Appeals).standing, Standing::Passed);
    let told = of_order(&case, deadline().next());
    let appeals = stage(&told, StageName::Appeals);
    assert_eq!(appeals.standing, Standing::Failed);
    assert_says(appeals, &["withdrawn", "The fine stands", "罚金成立"]);
    assert!(!format!("{appeals:?}").contains("No fine"), "{appeals:?}");
}

#[test]
fn a_failed_upload_is_told_with_the_stage_that_it_is_about() {
    for (code, name, family) in [
        (RowCode::NumFormat, StageName::Format, Family::Format),
        (RowCode::CarrierUnknown, StageName::Carrier, Family::Format),
        (RowCode::InvoiceMissing, StageName::CustomsPapers, Family::Customs),
        (RowCode::DestSanctioned, StageName::Destination, Family::Customs),
    ] {
        let mut case = Case::paid("80.10");
        case.rule_tracking(failing_fact(code, hour(2)));
        case.settle(hour(3));
        let told = of_order(&case, hour(3));
        let failed = told.stages.first().expect("a stage");
        assert_eq!(
            (failed.stage, failed.standing, failed.family),
            (name, Standing::Failed, Some(family))
        );
        assert_eq!(
            (failed.clauses.as_slice(), failed.fined),
            (&[code.clause(), "A6"][..], cents("0.50"))
        );
        assert_says(failed, &[code.as_str(), "USD 0.50", "0.50 美元"]);
        assert_eq!(stage(&told, StageName::Fines).family, Some(family));
        assert!(
            told.clauses.iter().any(|clause| clause.id == "A6"),
            "{:?}",
            told.clauses
        );
        // The right file of the same instant stands next to the wrong one: its number is accepted.
        let beside = case.clone().upload(NUMBERS[0], SendType::All, hour(2));
        assert_says(
            &of_order(&beside, hour(3)).stages[0],
            &["nothing is left to correct"],
        );
        // Mended later, it stays fined, and there is nothing to do about the row.
        let mended = case.upload(NUMBERS[0], SendType::All, hour(4));
        assert_says(
            &of_order(&mended, hour(5)).stages[0],
            &["nothing is left to correct"],
        );
        let excused = mended.appeal(decision_fact(
            AppealedClause::A6,
            AppealStatus::Accepted,
            hour(5),
            hour(6),
        ));
        let told = of_order(&excused, hour(7));
        assert!(
            stages(&told, name)
                .iter()
                .all(|stage| stage.standing != Standing::Failed),
            "{told:?}"
        );
    }
}

#[test]
fn papers_and_destination_are_told_by_the_payments_day() {
    let to = |country: &str| {
        Case::placed(&OrderFact {
            destination: country.to_owned(),
            ..order_fact()
        })
    };
    let told = of_order(&to("RU"), hour(1));
    assert_eq!(stage(&told, StageName::CustomsPapers).standing, Standing::Pending);
    assert_says(
        stage(&told, StageName::CustomsPapers),
        &["Russia", "俄罗斯", "tax id"],
    );
    let told = of_order(&to("KP"), hour(1));
    let refused = stage(&told, StageName::Destination);
    assert_eq!(
        (refused.standing, refused.family),
        (Standing::Failed, Some(Family::Customs))
    );
    assert_eq!(
        standing(&to("ES"), StageName::Destination, hour(1)),
        Standing::Passed
    );
    // The policy of the payment's day decides, not today's.
    let lifted = policy_with(&[("country = \"KP\"", "country = \"KP\"\nuntil = \"2024-05-01\"")]);
    assert_eq!(
        standing(&to("KP").under(lifted), StageName::Destination, hour(1)),
        Standing::Passed
    );
}
