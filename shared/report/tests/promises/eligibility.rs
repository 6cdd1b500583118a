//! C1 at its edges, and what a row says of it.

use domain::{Elapsed, Month, PolicyBook, Timestamp};
use report::{SellerMonth, final_from, window};

use crate::lake::{Lake, OrderRow, at, failed, fulfilled, month, orders, policy_with, settled};

const GMV_CENTS: i64 = 5_000_000;

/// Three months of one seller; `last` is April's, the others are faultless.
fn three_months(last: Vec<OrderRow>) -> Lake {
    let quiet = |text: &str| (month(text), orders("shop", month(text), 1, 0, GMV_CENTS));
    Lake::of(&[quiet("2024-04").with(last), quiet("2024-03"), quiet("2024-02")])
}

trait With {
    fn with(self, rows: Vec<OrderRow>) -> Self;
}

impl With for (Month, Vec<OrderRow>) {
    fn with(self, rows: Vec<OrderRow>) -> Self {
        (self.0, rows)
    }
}

/// April's row, without the remark that the pack of admission is younger.
fn april(lake: &Lake) -> SellerMonth {
    april_under(lake, PolicyBook::shipped())
}

fn april_under(lake: &Lake, book: &PolicyBook) -> SellerMonth {
    let mut rows = lake.report_under(month("2024-04"), settled(), book).rows;
    assert_eq!(rows.len(), 1);
    let row = rows.remove(0);
    let (reasons_en, reasons_zh) = reasons(&row);
    SellerMonth {
        reasons_en,
        reasons_zh,
        ..row
    }
}

/// The reasons of a month before May 2024, without the remark that the pack of admission is younger.
fn reasons(row: &SellerMonth) -> (String, String) {
    let without = |reasons: &str, remark: &str| {
        assert!(reasons.contains(remark), "{reasons}");
        reasons.replace(remark, "")
    };
    (
        without(
            &row.reasons_en,
            "; Access Measures 2024-05 applied to a month before 2024-05-01 (assumed date)",
        ),
        without(
            &row.reasons_zh,
            "；2024-05-01 之前的月份亦适用接入管理办法 2024-05（生效日为推定）",
        ),
    )
}

#[test]
fn exactly_95_per_cent_is_eligible() {
    let row = april(&three_months(orders("shop", month("2024-04"), 20, 1, GMV_CENTS)));
    assert_eq!(
        (row.eligible, row.class_ka, row.class_local, row.class_sensitive),
        (true, true, false, false)
    );
    assert_eq!(
        (row.orders_due, row.orders_fulfilled, row.fulfilment_rate_bp),
        (20, 19, Some(9_500))
    );
    assert_eq!(
        row.reasons_en,
        "C1 (Access Measures 2024-05): GMV 150,000.00 USD over 3 months, at least 150,000.00; \
         fulfilment ≥ 95 % in 2024-02 (100.00 %), 2024-03 (100.00 %), 2024-04 (95.00 %)"
    );
    assert_eq!(
        row.reasons_zh,
        "C1（接入管理办法 2024-05）：3 个月 GMV 合计 150,000.00 美元，不低于 150,000.00 美元；\
         物流履约率≥95%：2024-02（100.00%）、2024-03（100.00%）、2024-04（95.00%）"
    );
}

#[test]
fn a_hair_under_95_per_cent_is_not() {
    let row = april(&three_months(orders(
        "shop",
        month("2024-04"),
        1_999,
        100,
        GMV_CENTS,
    )));
    assert_eq!((row.eligible, row.fulfilment_rate_bp), (false, Some(9_499)));
    let expected =
        "C1 (Access Measures 2024-05): fulfilment 94.99 % in 2024-04: 100 of 1999 orders failed, 1 too many";
    assert_eq!(row.reasons_en, expected);
}

#[test]
fn a_reason_tells_exactly_how_many_failures_are_too_many() {
    let row = april(&three_months(orders(
        "shop",
        month("2024-04"),
        371,
        19,
        GMV_CENTS,
    )));
    assert_eq!(
        row.reasons_en,
        "C1 (Access Measures 2024-05): fulfilment 94.87 % in 2024-04: 19 of 371 orders failed, 1 too many"
    );
    assert_eq!(
        row.reasons_zh,
        "C1（接入管理办法 2024-05）：2024-04 物流履约率 94.87%：371 单中 19 单未履约，超出 1 单"
    );
    for (due, failures) in [(1, 1), (19, 1), (20, 2), (39, 2), (40, 3), (99, 99), (100, 6)] {
        let told = april(&three_months(orders(
            "shop",
            month("2024-04"),
            due,
            failures,
            GMV_CENTS,
        )));
        let too_many = (1..=failures)
            .find(|mended| {
                april(&three_months(orders(
                    "shop",
                    month("2024-04"),
                    due,
                    failures - mended,
                    GMV_CENTS,
                )))
                .eligible
            })
            .expect("a faultless month is eligible");
        assert!(
            told.reasons_en
                .ends_with(&format!(" failed, {too_many} too many")),
            "{}",
            told.reasons_en
        );
    }
}

#[test]
fn gmv_of_exactly_150_000_over_three_months_is_enough_and_a_cent_less_is_not() {
    let row = april(&three_months(orders("shop", month("2024-04"), 1, 0, GMV_CENTS)));
    assert_eq!((row.eligible, row.gmv_avg.0), (true, GMV_CENTS));
    let row = april(&three_months(orders(
        "shop",
        month("2024-04"),
        1,
        0,
        GMV_CENTS - 1,
    )));
    assert_eq!((row.eligible, row.gmv_avg.0), (false, GMV_CENTS - 1));
    assert_eq!(
        row.reasons_en,
        "C1 (Access Measures 2024-05): GMV 149,999.99 USD over 3 months, 0.01 short of 150,000.00"
    );
    assert_eq!(
        row.reasons_zh,
        "C1（接入管理办法 2024-05）：3 个月 GMV 合计 149,999.99 美元，距 150,000.00 美元差 0.01 美元"
    );
}

#[test]
fn the_average_counts_unless_the_policy_asks_for_each_month() {
    let lake = three_months(orders("shop", month("2024-04"), 1, 0, GMV_CENTS - 1));
    let mut richer = three_months(orders("shop", month("2024-04"), 1, 0, GMV_CENTS - 1));
    richer.add(
        month("2024-03"),
        &[fulfilled("shop", month("2024-03"), 7, 1)],
        &[],
    );
    assert!(!april(&lake).eligible && april(&richer).eligible);
    let each_month = policy_with("gmv_every_month = false", "gmv_every_month = true");
    let row = april_under(&richer, &each_month);
    assert!(!row.eligible);
    assert_eq!(
        row.reasons_en,
        "C1 (Access Measures 2024-05): GMV 49,999.99 USD in 2024-04, 0.01 short of 50,000.00"
    );
}

#[test]
fn a_month_without_due_orders_is_not_eligible_and_says_so() {
    let pending = OrderRow {
        fulfilment: None,
        ..fulfilled("shop", month("2024-04"), 0, GMV_CENTS)
    };
    let row = april(&three_months(vec![pending]));
    assert_eq!(
        (row.eligible, row.fulfilment_rate_bp, row.orders_pending),
        (false, None, 1)
    );
    assert_eq!(
        (row.reasons_en.as_str(), row.reasons_zh.as_str()),
        (
            "C1 (Access Measures 2024-05): no due orders in 2024-04",
            "C1（接入管理办法 2024-05）：2024-04 无应履约订单"
        )
    );
    let absent = Lake::of(&[(
        month("2024-03"),
        orders("shop", month("2024-03"), 1, 0, 3 * GMV_CENTS),
    )]);
    assert_eq!(
        april(&absent).reasons_en,
        "C1 (Access Measures 2024-05): no due orders in 2024-02; no due orders in 2024-04"
    );
}

#[test]
fn everything_that_was_missed_is_a_reason() {
    let lake = Lake::of(&[(month("2024-04"), orders("shop", month("2024-04"), 2, 1, 12_345))]);
    assert_eq!(
        april(&lake).reasons_en,
        "C1 (Access Measures 2024-05): GMV 123.45 USD over 3 months, 149,876.55 short of 150,000.00; no due orders in 2024-02; \
         no due orders in 2024-03; fulfilment 50.00 % in 2024-04: 1 of 2 orders failed, 1 too many"
    );
}

#[test]
fn a_month_is_final_from_exactly_72_hours_after_its_end() {
    let end = at("2024-05-01T07:00:00Z");
    let lake = three_months(orders("shop", month("2024-04"), 1, 0, GMV_CENTS));
    let final_as_of = |as_of: Timestamp| lake.report(month("2024-04"), as_of).rows[0].is_final;
    assert_eq!(
        final_from(month("2024-04"), PolicyBook::shipped()),
        end.plus(Elapsed::hours(72))
    );
    assert!(final_as_of(end.plus(Elapsed::hours(72))));
    assert!(!final_as_of(Timestamp::from_unix(end.unix() + 72 * 3_600 - 1)));
}

#[test]
fn a_month_in_which_the_clocks_change_is_final_72_elapsed_hours_after_its_own_end() {
    // 2024-03 begins in winter time and ends in summer time, 2024-11 the other way round.
    for (text, starts, ends) in [
        ("2024-03", "2024-03-01T08:00:00Z", "2024-04-01T07:00:00Z"),
        ("2024-11", "2024-11-01T07:00:00Z", "2024-12-01T08:00:00Z"),
    ] {
        let zone = PolicyBook::shipped().zone;
        assert_eq!(
            (month(text).starts_at(zone), month(text).ends_at(zone)),
            (at(starts), at(ends))
        );
        let final_at = at(ends).plus(Elapsed::hours(72));
        assert_eq!(final_from(month(text), PolicyBook::shipped()), final_at);
        let lake = Lake::of(&[(month(text), orders("shop", month(text), 20, 1, GMV_CENTS))]);
        let final_as_of = |as_of: Timestamp| lake.report(month(text), as_of).rows[0].is_final;
        assert!(final_as_of(final_at) && !final_as_of(Timestamp::from_unix(final_at.unix() - 1)));
    }
}

#[test]
fn the_months_before_january_are_those_of_the_year_before() {
    let months = ["2024-01", "2023-12", "2023-11"].map(month);
    assert_eq!(window(months[0], PolicyBook::shipped()), months);
    let lake = Lake::of(&months.map(|month| (month, orders("shop", month, 20, 1, GMV_CENTS))));
    let row = &lake.report(months[0], settled()).rows[0];
    assert_eq!(
        (row.gmv.0, row.gmv_m1.0, row.gmv_m2.0, row.eligible),
        (GMV_CENTS, GMV_CENTS, GMV_CENTS, true)
    );
    let expected = "fulfilment ≥ 95 % in 2023-11 (95.00 %), 2023-12 (95.00 %), 2024-01 (95.00 %)";
    assert!(row.reasons_en.contains(expected), "{}", row.reasons_en);
}

#[test]
fn a_month_of_which_all_is_pending_says_that_nothing_is_due_and_until_when() {
    let pending = |number| OrderRow {
        fulfilment: None,
        ..fulfilled("shop", month("2024-04"), number, GMV_CENTS)
    };
    let lake = three_months(vec![pending(0), pending(1)]);
    let row = &lake.report(month("2024-04"), at("2024-04-30T00:00:00Z")).rows[0];
    assert_eq!(
        (
            row.orders_pending,
            row.orders_due,
            row.fulfilment_rate_bp,
            row.eligible,
            row.is_final
        ),
        (2, 0, None, false, false)
    );
    let (en, zh) = reasons(row);
    assert!(
        en.contains("no due orders in 2024-04; provisional (2 pending)"),
        "{en}"
    );
    assert!(zh.contains("2024-04 无应履约订单；暂定（2 单待定）"), "{zh}");
}

#[test]
fn a_provisional_row_says_what_is_open_and_until_when() {
    let late = OrderRow {
        fulfilment: Some((true, at("2024-05-02T00:00:00Z").unix())),
        ..fulfilled("shop", month("2024-04"), 1, 0)
    };
    let mut rows = orders("shop", month("2024-04"), 1, 0, GMV_CENTS);
    rows.push(late);
    let report = three_months(rows).report(month("2024-04"), at("2024-05-01T12:00:00Z"));
    let row = &report.rows[0];
    assert_eq!((row.eligible, row.is_final, row.orders_pending), (true, false, 1));
    let tail = "provisional (1 pending), final from 2024-05-04 15:00 Beijing (2024-05-04 00:00 Pacific)";
    assert!(row.reasons_en.ends_with(tail), "{}", row.reasons_en);
    let tail = "暂定（1 单待定），北京时间 2024-05-04 15:00（太平洋时间 2024-05-04 00:00）起为最终结果";
    assert!(row.reasons_zh.ends_with(tail), "{}", row.reasons_zh);
}

#[test]
fn failures_that_pending_orders_can_mend_are_too_many_so_far() {
    let april = month("2024-04");
    let waits = OrderRow {
        fulfilment: Some((true, at("2024-05-02T00:00:00Z").unix())),
        ..fulfilled("shop", april, 100, 0)
    };
    let mut rows = orders("shop", april, 20, 2, GMV_CENTS);
    rows.push(waits);
    let lake = three_months(rows);
    let reasons = |as_of| reasons(&lake.report(april, at(as_of)).rows[0]);
    let (en, zh) = reasons("2024-05-01T12:00:00Z");
    assert!(
        en.contains("2 of 20 orders failed, 1 too many so far; provisional"),
        "{en}"
    );
    assert!(zh.contains("20 单中 2 单未履约，目前超出 1 单"), "{zh}");
    let (en, zh) = reasons("2024-05-09T00:00:00Z");
    assert!(en.ends_with("2 of 21 orders failed, 1 too many"), "{en}");
    assert!(zh.ends_with("21 单中 2 单未履约，超出 1 单"), "{zh}");
}

#[test]
fn a_policy_that_asks_for_the_sign_off_is_final_after_its_30_days() {
    let book = policy_with("fulfilment_requires = []", "fulfilment_requires = [\"sign_off\"]");
    assert_eq!(final_from(month("2024-04"), &book), at("2024-05-31T07:00:00Z"));
}

#[test]
fn a_policy_that_asks_for_the_nodes_is_final_once_nothing_is_pending() {
    let book = policy_with("fulfilment_requires = []", "fulfilment_requires = [\"nodes\"]");
    let travelling = OrderRow {
        fulfilment: None,
        ..fulfilled("shop", month("2024-04"), 1, 0)
    };
    let settled_lake = three_months(orders("shop", month("2024-04"), 1, 0, GMV_CENTS));
    let open_lake = three_months(vec![
        fulfilled("shop", month("2024-04"), 0, GMV_CENTS),
        travelling,
    ]);
    assert!(settled_lake.report_under(month("2024-04"), settled(), &book).rows[0].is_final);
    assert!(!open_lake.report_under(month("2024-04"), settled(), &book).rows[0].is_final);
}

#[test]
fn a_pack_applied_before_its_date_is_mentioned() {
    let early = OrderRow {
        policy_early: true,
        ..fulfilled("shop", month("2024-02"), 1, 0)
    };
    let mut lake = three_months(orders("shop", month("2024-04"), 1, 0, GMV_CENTS));
    assert!(!april(&lake).reasons_en.contains("applied"));
    lake.add(month("2024-02"), &[early], &[]);
    let row = april(&lake);
    let expected = "; policy V4.2 applied to orders paid before 2024-03-01 (assumed date)";
    assert!(row.reasons_en.ends_with(expected), "{}", row.reasons_en);
    assert!(
        row.reasons_zh
            .ends_with("；2024-03-01 之前付款的订单亦适用 V4.2（生效日为推定）"),
        "{}",
        row.reasons_zh
    );
    let renamed = policy_with("version = \"V4.2\"", "version = \"V5\"");
    assert!(
        april_under(&lake, &renamed)
            .reasons_en
            .ends_with("; policy V4.2 applied to orders paid before its date")
    );
}

#[test]
fn the_policy_says_how_many_months_are_looked_at() {
    let five = policy_with("months = 3\n", "months = 5\n");
    assert_eq!(window(month("2024-02"), &five).last(), Some(&month("2023-10")));
    let mut lake = three_months(orders("shop", month("2024-04"), 1, 0, GMV_CENTS));
    let short = lake.report_under(month("2024-04"), settled(), &five);
    assert!(
        short.rows[0]
            .reasons_en
            .contains("GMV 150,000.00 USD over 5 months, 100,000.00 short of 250,000.00")
    );
    lake.add(
        month("2024-01"),
        &orders("shop", month("2024-01"), 1, 0, 2 * GMV_CENTS),
        &[],
    );
    lake.add(month("2023-12"), &orders("shop", month("2023-12"), 1, 0, 0), &[]);
    assert!(lake.report_under(month("2024-04"), settled(), &five).rows[0].eligible);
    let one = policy_with("months = 3\n", "months = 1\n");
    assert_eq!(
        window(month("2024-02"), &one).len(),
        3,
        "the months that are shown"
    );
}

#[test]
fn every_seller_of_the_three_months_has_a_row_and_no_other() {
    let mut lake = Lake::empty();
    for (seller, text) in [
        ("b", "2024-04"),
        ("C", "2024-03"),
        ("a", "2024-02"),
        ("d", "2024-01"),
        ("e", "2024-05"),
    ] {
        lake.add(month(text), &[failed(seller, month(text), 0, 100)], &[]);
    }
    let report = lake.report(month("2024-04"), settled());
    let sellers: Vec<_> = report.rows.iter().map(|row| row.seller_id.to_string()).collect();
    assert_eq!(sellers, ["C", "a", "b"]);
    let gmv: Vec<_> = report
        .rows
        .iter()
        .map(|row| (row.gmv.0, row.gmv_m1.0, row.gmv_m2.0))
        .collect();
    assert_eq!(gmv, [(0, 100, 0), (0, 0, 100), (100, 0, 0)]);
}
