//! Numbers that no order has, orders that have left, and many parcels.

use super::*;

#[test]
fn a_number_nobody_has_uploaded_is_told_its_form_its_carriers_and_that_no_order_has_it() {
    let told = of_unknown("3318810025", None, None, paid());
    assert_eq!(stage(&told, StageName::Format).standing, Standing::Passed);
    assert_says(stage(&told, StageName::Carrier), &["DHL"]);
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
        Finding::new(RowCode::NumWhitespace, "tracking_number", "33188 10025").with_proposal("3318810025");
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
        waiting: &[],
        agreements: &[],
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
        awaited: Awaited::Itself,
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
fn a_row_that_names_what_was_asked_and_waits_for_something_else_is_shown() {
    let order = domain::OrderId::parse(ORDER).expect("an order id");
    let waiting = |awaited: Awaited| Waiting {
        awaited,
        rows: 1,
        more: false,
        upload_key: "inbox/tracking/_/early.csv".to_owned(),
        row: 7,
        since: paid(),
    };
    let by_order = waiting(Awaited::Order(order));
    let told = of_unknown("3318810025", None, Some(&by_order), day(45));
    let shown = stage(&told, StageName::Order);
    assert_eq!(
        (shown.standing, shown.deadline),
        (Standing::Pending, Some(day(45)))
    );
    assert_says(
        shown,
        &[
            ORDER,
            "row 7 of inbox/tracking/_/early.csv",
            "nothing is fined",
            "暂挂期间不罚款",
        ],
    );
    let lapsed = of_unknown("3318810025", None, Some(&by_order), day(46));
    assert_eq!(stage(&lapsed, StageName::Order).standing, Standing::Failed);
    assert_says(
        stage(&lapsed, StageName::Order),
        &["then the row once more", "未履约"],
    );

    let by_rate = waiting(Awaited::Rate {
        amount: domain::Money::parse("1234.56", domain::Currency::parse("BRL").expect("a currency"))
            .expect("money"),
        paid_on: chrono::NaiveDate::from_ymd_opt(2024, 2, 20).expect("a day"),
    });
    let told = of_unknown(ORDER, None, Some(&by_rate), day(45));
    let shown = stage(&told, StageName::Order);
    assert_eq!(
        (shown.standing, shown.deadline),
        (Standing::AtRisk, Some(day(45)))
    );
    assert_says(
        shown,
        &[
            "1234.56 BRL were paid on 2024-02-20",
            "the 7 days before it",
            "no fine is posted",
            "2024-02-20 的 BRL 汇率",
        ],
    );
    let lapsed = of_unknown(ORDER, None, Some(&by_rate), day(46));
    assert_eq!(stage(&lapsed, StageName::Order).standing, Standing::Failed);
    assert_says(
        stage(&lapsed, StageName::Order),
        &["the order and its tracking rows once more"],
    );
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
    assert_says(stage(&told, StageName::Order), &["has been archived", "归档"]);
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
