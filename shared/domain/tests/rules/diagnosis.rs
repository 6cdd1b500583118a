//! D1 and D2: every stage of a number or an order, the failing ones first, and never against what the rules and the ledger say.

use domain::assess::Verdict;
use domain::diagnosis::{Asked, Diagnosis, Family, Known, Stage, StageName, Standing, Waiting, diagnose};
use domain::facts::OrderFact;
use domain::{
    AppealStatus, AppealedClause, Because, Cents, Clause, Elapsed, EntryKind, Finding, Node, Order,
    OrderStatus, PolicyBook, RowCode, SendType, Timestamp,
};
use proptest::prelude::*;

use crate::desk::{Desk, Fact, moments, season};
use crate::season::{
    Case, NUMBERS, ORDER, SELLER, appeal_fact, cents, day, deadline, decision_fact, failing_fact, hour,
    number, order_fact, paid, policy_with, usd,
};

/// The whole travel of a parcel, in time.
const TRAVEL: [(Node, i64); 8] = [
    (Node::PickedUp, 10),
    (Node::ExportCustoms, 40),
    (Node::DepartedOrigin, 80),
    (Node::InTransit, 120),
    (Node::ArrivedDestination, 160),
    (Node::ImportCustoms, 200),
    (Node::OutForDelivery, 240),
    (Node::Signed, 250),
];

/// What is told of a case's order as of an instant.
fn of_order(case: &Case, as_of: Timestamp) -> Diagnosis {
    let asked = Asked {
        text: ORDER,
        number: None,
        order_id: None,
        fault: None,
    };
    let known = Known {
        order_id: Some(&case.order.order_id),
        order: Some(&case.order),
        entries: &case.entries,
        waiting: None,
    };
    diagnose(&asked, &known, &case.book, as_of)
}

/// What is told of one of its numbers.
fn of_number(case: &Case, text: &str, as_of: Timestamp) -> Diagnosis {
    let number = number(text);
    let asked = Asked {
        text,
        number: Some(&number),
        order_id: None,
        fault: None,
    };
    let known = Known {
        order_id: Some(&case.order.order_id),
        order: Some(&case.order),
        entries: &case.entries,
        waiting: None,
    };
    diagnose(&asked, &known, &case.book, as_of)
}

/// What is told of a number that no order has.
fn of_unknown(text: &str, fault: Option<&Finding>, waiting: Option<&Waiting>, as_of: Timestamp) -> Diagnosis {
    let number = domain::TrackingNumber::parse(text);
    let asked = Asked {
        text,
        number: number.as_ref(),
        order_id: None,
        fault,
    };
    let known = Known {
        waiting,
        ..Known::default()
    };
    diagnose(&asked, &known, PolicyBook::shipped(), as_of)
}

fn stages(diagnosis: &Diagnosis, name: StageName) -> Vec<&Stage> {
    diagnosis
        .stages
        .iter()
        .filter(|stage| stage.stage == name)
        .collect()
}

/// The one stage of a name.
fn stage(diagnosis: &Diagnosis, name: StageName) -> &Stage {
    match &stages(diagnosis, name)[..] {
        [stage] => stage,
        several => panic!("{name:?} is told {} times: {several:?}", several.len()),
    }
}

fn standing(case: &Case, name: StageName, as_of: Timestamp) -> Standing {
    stage(&of_order(case, as_of), name).standing
}

fn assert_says(stage: &Stage, words: &[&str]) {
    let said = format!("{:?} {:?}", stage.cause, stage.remedy);
    assert!(
        words.iter().all(|word| said.contains(word)),
        "{words:?} in {said}"
    );
}

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
    assert_says(silent, &["60 h 00 m > 48 h 00 m", "1 x silence"]);
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
fn a_failed_upload_is_told_with_the_stage_that_it_is_about() {
    for (code, name, family) in [
        (RowCode::NumFormat, StageName::Format, Family::Format),
        (RowCode::CarrierUnknown, StageName::Carrier, Family::Format),
        (RowCode::NumUsedElsewhere, StageName::Order, Family::Format),
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
        // Mended later, it stays fined, and there is nothing to do about the row.
        let mended = case.upload(NUMBERS[0], SendType::All, hour(4));
        assert_says(
            &of_order(&mended, hour(5)).stages[0],
            &["nothing is left to mend"],
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

#[test]
fn a_number_nobody_has_uploaded_is_told_its_form_its_carriers_and_that_no_order_has_it() {
    let told = of_unknown("3318810025", None, None, paid());
    assert_eq!(stage(&told, StageName::Format).standing, Standing::Passed);
    assert_says(stage(&told, StageName::Carrier), &["DHL", "敦豪"]);
    assert_eq!(told.stages[0].stage, StageName::Order);
    assert_says(
        &told.stages[0],
        &["No order has the number 3318810025", "没有订单"],
    );
    let wrong = of_unknown("3318810024", None, None, paid());
    assert_eq!(stage(&wrong, StageName::Format).standing, Standing::AtRisk);
    assert_says(stage(&wrong, StageName::Format), &["check digit", "校验位"]);
    let order_id = domain::OrderId::parse("3318810025");
    let number = number("3318810025");
    let asked = Asked {
        text: "3318810025",
        number: Some(&number),
        order_id: order_id.as_ref(),
        fault: None,
    };
    let either = diagnose(&asked, &Known::default(), PolicyBook::shipped(), paid());
    assert_says(&either.stages[0], &["there is no order 3318810025", "没有订单"]);
    let misfit = of_unknown("RB123456785XX", None, None, paid());
    assert_eq!(
        (misfit.stages[0].stage, misfit.stages[0].family),
        (StageName::Format, Some(Family::Format))
    );
}

#[test]
fn a_fault_of_form_is_told_before_what_is_known_of_the_number_that_was_meant() {
    let fault =
        Finding::new(RowCode::NumWhitespace, "tracking_number", "33188 10025").with_detail("3318810025");
    let case = Case::travelled(&TRAVEL);
    let number = number(NUMBERS[0]);
    let asked = Asked {
        text: "33188 10025",
        number: Some(&number),
        order_id: None,
        fault: Some(&fault),
    };
    let known = Known {
        order_id: Some(&case.order.order_id),
        order: Some(&case.order),
        entries: &[],
        waiting: None,
    };
    let told = diagnose(&asked, &known, &case.book, day(40));
    assert_eq!(
        (told.standing, told.stages[0].stage),
        (Standing::Failed, StageName::Format)
    );
    assert_says(&told.stages[0], &["Write it as 3318810025", "请改为 3318810025"]);
    assert_eq!(stage(&told, StageName::SignOff).standing, Standing::Passed);
}

#[test]
fn rows_that_wait_are_told_and_so_is_that_they_have_lapsed() {
    let waiting = Waiting {
        rows: 2,
        more: false,
        upload_key: "inbox/events/_/early.csv".to_owned(),
        row: 7,
        since: paid(),
    };
    let told = of_unknown("3318810025", None, Some(&waiting), day(45));
    assert_eq!(stage(&told, StageName::Order).standing, Standing::Pending);
    assert_says(
        stage(&told, StageName::Order),
        &[
            "Waiting for it: 2 rows",
            "row 7 of inbox/events/_/early.csv",
            "2 行",
        ],
    );
    let lapsed = of_unknown("3318810025", None, Some(&waiting), day(46));
    assert_eq!(stage(&lapsed, StageName::Order).standing, Standing::Failed);
    // As of then they had not come.
    let before = of_unknown("3318810025", None, Some(&waiting), hour(-1));
    assert_says(stage(&before, StageName::Order), &["No order has"]);
}

#[test]
fn an_order_that_has_left_the_table_still_shows_its_fines() {
    let mut case = Case::paid("80.10");
    case.rule_tracking(failing_fact(RowCode::NumFormat, hour(2)));
    case.settle(day(40));
    let asked = Asked {
        text: ORDER,
        number: None,
        order_id: None,
        fault: None,
    };
    let known = Known {
        order_id: Some(&case.order.order_id),
        entries: &case.entries,
        ..Known::default()
    };
    let told = diagnose(&asked, &known, &case.book, day(400));
    assert_eq!(
        (told.stages[0].stage, told.fined),
        (StageName::Fines, cents("4.51"))
    );
    assert_says(
        stage(&told, StageName::Order),
        &["has left the table", "移出数据表"],
    );
}

#[test]
fn each_parcel_has_stages_of_its_own_and_a_number_only_its_own() {
    let case = Case::shipped().upload(NUMBERS[1], SendType::Part, hour(1));
    let case = case.event(NUMBERS[0], Node::PickedUp, hour(2));
    let told = of_order(&case, hour(60));
    let pickups = stages(&told, StageName::Pickup);
    assert_eq!(pickups.len(), 2);
    assert_eq!(
        (pickups[0].standing, pickups[0].tracking_number.as_ref()),
        (Standing::Failed, Some(&number(NUMBERS[1])))
    );
    assert_eq!(
        stage(&of_number(&case, NUMBERS[0], hour(60)), StageName::Pickup).standing,
        Standing::Passed
    );
}

#[test]
fn an_order_of_any_number_of_parcels_is_told_within_bounds_and_with_every_stage() {
    let mut case = Case::paid("80.10");
    for index in 0..120 {
        let text = format!("33188{index:05}");
        case = case.upload(&text, SendType::Part, hour(1));
    }
    let told = of_order(&case, hour(2));
    assert!(
        told.stages.len() <= 212 && told.stages_left_out > 300,
        "{}",
        told.stages.len()
    );
    for name in StageName::ALL {
        assert!(!stages(&told, name).is_empty(), "{name:?}");
    }
}

#[test]
fn an_order_paid_before_the_first_pack_says_so() {
    let early = OrderFact {
        paid_at: "2024-02-01T00:00:00Z".parse().expect("an instant"),
        recorded_at: paid(),
        amount: usd("80.10"),
        ..order_fact()
    };
    let told = of_order(&Case::placed(&early), paid());
    assert!(told.policy_applied_early && told.policy.is_some_and(|policy| policy.version == "V4.2"));
    assert!(!of_order(&Case::shipped(), hour(1)).policy_applied_early);
}

/// The night's entries of a season up to an instant, a night a day.
fn settled(order: &Order, until: Timestamp) -> Case {
    let mut case = Case::paid("80.10");
    case.order = order.clone();
    let mut night = paid();
    while night <= until {
        case.settle(night);
        night = night.plus(Elapsed::hours(72));
    }
    case
}

/// The stage under which a due entry's failing is told.
fn named_by(because: &Because, clause: Clause) -> StageName {
    match (because, clause) {
        (
            Because::UploadFailed {
                code: RowCode::InvoiceMissing,
                ..
            },
            _,
        ) => StageName::CustomsPapers,
        (_, Clause::A6) => StageName::Format,
        (_, Clause::B3) => StageName::Staleness,
        (_, Clause::B4) => StageName::SignOff,
    }
}

fn is_sorted(stages: &[Stage]) -> bool {
    stages.is_sorted_by_key(|stage| (stage.standing.min(Standing::Pending), stage.stage))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Every stage is told, the failing ones first; each failing has its clause, family and remedy; nothing that the rules
    /// charge passes; what is fined is what the ledger holds; and what is learned later does not show.
    #[test]
    fn a_diagnosis_says_what_the_rules_and_the_ledger_say(facts in season()) {
        let Some(whole) = Desk::order_of(&facts) else { return Ok(()) };
        let last = moments(&facts).into_iter().max().expect("a season has its moments");
        let case = settled(&whole, last);
        for as_of in moments(&facts) {
            if whole.as_of(as_of).is_none() {
                continue;
            }
            let told = of_order(&case, as_of);
            for name in StageName::ALL {
                prop_assert!(told.stages.iter().any(|stage| stage.stage == name), "{:?} as of {}", name, as_of);
            }
            prop_assert!(is_sorted(&told.stages));
            for stage in &told.stages {
                let texts = [&stage.cause.en, &stage.cause.zh];
                prop_assert!(texts.iter().all(|text| !text.is_empty() && !text.contains(['{', '}'])), "{:?}", stage);
                if stage.standing == Standing::Failed {
                    prop_assert!(stage.family.is_some() && !stage.clauses.is_empty(), "{:?}", stage);
                    prop_assert!(stage.remedy.is_some(), "{:?}", stage);
                }
            }
            for due in case.assess(as_of).due {
                let name = named_by(&due.because, due.subject.clause);
                let worst = told.stages.iter().filter(|stage| stage.stage == name && (stage.tracking_number.is_none() || stage.tracking_number == due.subject.tracking_number));
                let expected = if due.verdict == Verdict::Fine { Standing::Failed } else { Standing::AtRisk };
                prop_assert_eq!(worst.map(|stage| stage.standing).min(), Some(expected), "{:?} as of {}", due, as_of);
            }
            let moving = case.entries.iter().filter(|entry| entry.as_of <= as_of && entry.kind != EntryKind::Hold && entry.kind != EntryKind::Void);
            prop_assert_eq!(told.fined, moving.map(|entry| entry.amount).sum());
            // The same from what was known by then alone.
            let known: Vec<Fact> = facts.iter().filter(|fact| fact.recorded_at() <= as_of).cloned().collect();
            let mut then = case.clone();
            then.order = Desk::order_of(&known).expect("it was known");
            prop_assert_eq!(of_order(&then, as_of), told, "as of {}", as_of);
        }
    }
}
