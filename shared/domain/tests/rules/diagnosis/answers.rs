//! What a person is told to do: only what helps, and all that is missing.

use super::*;

#[test]
fn a_number_that_is_older_than_the_refused_row_mends_nothing() {
    let mut case = Case::paid("80.10").upload(NUMBERS[0], SendType::All, hour(1));
    case.rule_tracking(failing_fact(RowCode::NumFormat, hour(2)));
    let told = of_order(&case, hour(3));
    let failed = told.stages.first().expect("a stage");
    assert_eq!(failed.standing, Standing::Failed);
    assert_says(
        failed,
        &[
            "Nothing was accepted since",
            NUMBERS[0],
            "Copy the number again",
            "没有新的有效上传",
        ],
    );
    assert!(!format!("{failed:?}").contains("nothing is left"), "{failed:?}");
    // As of then nothing later was accepted; then it was.
    let mended = case.upload(NUMBERS[1], SendType::All, hour(4));
    assert_says(
        &of_order(&mended, hour(3)).stages[0],
        &["Nothing was accepted since"],
    );
    assert_says(&of_order(&mended, hour(5)).stages[0], &["nothing is left"]);
}

#[test]
fn a_row_without_both_papers_is_told_of_both_and_a_refused_cell_is_shown() {
    let mut case = Case::placed(&OrderFact {
        destination: "RU".to_owned(),
        ..order_fact()
    });
    case.rule_tracking(tracking_fact(NUMBERS[0], SendType::All, hour(2)));
    let told = of_order(&case, hour(3));
    let failed = told.stages.first().expect("a stage");
    assert_eq!(failed.stage, StageName::CustomsPapers);
    assert_says(
        failed,
        &[
            "INVOICE_MISSING, TAX_ID_MISSING",
            "requires a commercial invoice",
            "requires the consignee's local tax id",
            "Fill in the invoice number",
            "Ask the consignee for it",
            "商业发票号",
            "税号",
        ],
    );
    let mut case = Case::paid("80.10");
    case.rule_tracking(failing_fact(RowCode::CarrierUnknown, hour(2)));
    assert_says(
        &of_order(&case, hour(3)).stages[0],
        &["The carrier \\\"?\\\" is in no carrier table", "承运商“?”"],
    );
}

#[test]
fn an_appeal_filed_too_late_is_told_that_it_holds_nothing() {
    let case = Case::travelled(&TRAVEL[..7]);
    let late = appeal_fact(AppealedClause::B4, AppealStatus::Pending, deadline().next());
    let told = of_order(&case.appeal(late), day(31));
    let appeals = stage(&told, StageName::Appeals);
    assert_eq!(appeals.standing, Standing::AtRisk);
    assert_says(
        appeals,
        &[
            "too late to hold the fine",
            "accepted, it takes the fine back",
            "晚于截止时间",
        ],
    );
    let case = Case::travelled(&[(Node::PickedUp, 10), (Node::InTransit, 70)]);
    let pending = appeal_fact(AppealedClause::B3, AppealStatus::Pending, hour(72));
    let told = of_order(&case.appeal(pending), hour(75));
    assert_says(
        stage(&told, StageName::Appeals),
        &["Under B3 a pending appeal does not hold the fine", "不暂缓扣罚"],
    );
}

#[test]
fn an_order_that_only_its_seller_stated_is_told_as_unconfirmed() {
    let mut case = Case::shipped();
    assert!(!of_order(&case, hour(1)).unconfirmed);
    case.order.confirmed = false;
    let told = of_order(&case, hour(1));
    assert!(told.unconfirmed);
    let order = stage(&told, StageName::Order);
    assert_eq!(order.standing, Standing::AtRisk);
    assert_says(
        order,
        &[
            "Unconfirmed",
            "outside GMV",
            "未确认",
            "Ask the operator to upload",
        ],
    );
}

/// Two orders of which the second claims the first one's number.
fn contested() -> (Case, Case) {
    let mut holder = Case::paid("80.10").upload(NUMBERS[0], SendType::All, hour(1));
    let mut waiting = Case::placed(&OrderFact {
        order_id: domain::OrderId::parse("8000011000000013").expect("an order id"),
        amount: usd("80.10"),
        ..order_fact()
    });
    waiting = waiting.upload(NUMBERS[0], SendType::All, hour(2));
    waiting.order.meet(&mut holder.order, &number(NUMBERS[0]));
    (holder, waiting)
}

#[test]
fn a_claim_that_waits_for_another_order_is_told_until_it_is_a_failed_upload() {
    let (holder, waiting) = contested();
    let told = of_order(&waiting, hour(3));
    let claims: Vec<&Stage> = stages(&told, StageName::Order)
        .into_iter()
        .filter(|stage| stage.tracking_number.is_some())
        .collect();
    let [claim] = claims[..] else { panic!("{claims:?}") };
    assert_eq!(
        (claim.standing, claim.deadline),
        (Standing::AtRisk, Some(hour(2).plus(Elapsed::days(45))))
    );
    assert_says(
        claim,
        &[
            "claims the number 3318810025",
            "order 8000011000000005 holds it",
            ORDER,
            "属于订单",
        ],
    );
    assert_says(
        stage(&told, StageName::Pickup),
        &["held by other orders", "目前属于其他订单"],
    );
    // The other way round: whose number it is, is told who waits for it.
    let told = of_number(&holder, NUMBERS[0], hour(3));
    let rivals = stages(&told, StageName::Order);
    assert!(
        rivals
            .iter()
            .any(|stage| format!("{stage:?}").contains("also claimed by 8000011000000013")),
        "{rivals:?}"
    );
    // Its time up, the row is a failed upload and told as that.
    let told = of_order(&waiting, day(46));
    let failed = told
        .stages
        .iter()
        .find(|stage| stage.clauses.contains(&"A6"))
        .expect("a failed upload");
    assert_eq!(
        (failed.stage, failed.standing),
        (StageName::Order, Standing::Failed)
    );
    assert_says(
        failed,
        &[
            "NUM_USED_ELSEWHERE",
            "still held the tracking number",
            "期限届满时",
        ],
    );
}

#[test]
fn a_claim_that_lapsed_beside_an_earlier_failure_is_listed() {
    let (_, mut waiting) = contested();
    waiting.rule_tracking(failing_fact(RowCode::NumFormat, hour(1)));
    let told = of_order(&waiting, day(46));
    let lapsed = stages(&told, StageName::Order)
        .into_iter()
        .find(|stage| stage.tracking_number.is_some())
        .expect("the claim");
    assert_says(lapsed, &["time was up", "once per order", "等待期已于"]);
    assert_eq!(lapsed.deadline, None);
}
