//! The report as a workbook, read back by another reader.

use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use domain::{Node, PolicyBook};
use report::{Changes, MonthReport, decide, xlsx};

use crate::changes::{AFTER, april, late, three_months};
use crate::lake::{EntryRow, Lake, OrderRow, at, fulfilled, month, orders, settled};
use crate::made::{by_name, portfolio};

fn report() -> MonthReport {
    let month = month("2024-04");
    let mut rows = orders("0012", month, 20, 1, 14_821_055);
    rows.push(fulfilled("waits", month, 500, 100));
    rows.push(OrderRow {
        fulfilment: None,
        ..fulfilled("pending", month, 600, 100)
    });
    Lake::of(&[(month, rows)]).report(month, settled())
}

fn sheets(report: &MonthReport) -> Vec<(String, Range<Data>)> {
    sheets_with(report, None)
}

fn sheets_with(report: &MonthReport, changes: Option<&Changes>) -> Vec<(String, Range<Data>)> {
    let bytes = xlsx(report, changes, PolicyBook::shipped().zone).expect("a workbook");
    let mut workbook = Xlsx::new(Cursor::new(bytes)).expect("another reader opens it");
    workbook.worksheets()
}

/// The cell of a row under the column whose English name is `column`.
fn cell<'a>(sheet: &'a Range<Data>, row: usize, column: &str) -> &'a Data {
    let place = (0..sheet.width()).find(|place| {
        sheet
            .get((0, *place))
            .is_some_and(|title| title.to_string().ends_with(&format!("/ {column}")))
    });
    sheet
        .get((row, place.expect("the column is there")))
        .expect("a cell in range")
}

#[test]
fn another_reader_finds_a_sheet_for_each_view_and_every_figure_as_a_number() {
    let report = report();
    let sheets = sheets(&report);
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    let places = ["市场 markets", "承运商 carriers", "节点缺失 node gaps"];
    let expected = ["店铺 sellers", "未履约 failed", "月份 months"]
        .into_iter()
        .chain(places);
    assert_eq!(names, expected.chain(["说明 definitions"]).collect::<Vec<_>>());
    let sellers = &sheets[0].1;
    assert_eq!(sellers.height(), 1 + report.rows.len());
    assert_eq!(
        cell(sellers, 1, "seller"),
        &Data::String("0012".to_owned()),
        "an id stays text"
    );
    for (column, figure) in [
        ("GMV", 148_210.55),
        ("due", 20.0),
        ("fulfilled", 19.0),
        ("fulfilment", 95.0),
        ("misses left", 0.0),
        ("fines USD", 0.0),
    ] {
        assert_eq!(cell(sellers, 1, column), &Data::Float(figure), "{column}");
    }
    assert_eq!(cell(sellers, 1, "eligible"), &Data::String("否 / no".to_owned()));
    let why = cell(sellers, 1, "why").to_string();
    assert!(why.contains(&report.rows[0].reasons_en) && why.contains(&report.rows[0].reasons_zh));
    // "pending" has nothing due: no rate, rather than a rate of nothing.
    assert_eq!(cell(sellers, 2, "seller").to_string(), "pending");
    assert_eq!(cell(sellers, 2, "fulfilment"), &Data::Empty);
    let failed = &sheets[1].1;
    assert_eq!(failed.height(), 2);
    assert_eq!(cell(failed, 1, "seller").to_string(), "0012");
    assert_eq!(
        cell(failed, 1, "missed").to_string(),
        "上传单号（A1） / upload (A1)"
    );
    assert_eq!(cell(failed, 1, "late by"), &Data::Empty, "never uploaded");
    let months = &sheets[2].1;
    assert_eq!(
        (months.height(), cell(months, 1, "failed")),
        (4, &Data::Float(1.0))
    );
}

#[test]
fn every_column_is_defined_in_both_languages() {
    let mut lake = three_months("shop", 2);
    let mended = late(fulfilled("shop", month("2024-04"), 19, 0));
    lake.add(month("2024-04"), &[mended], &[]);
    let changes = april(&lake);
    for report in [report(), running()] {
        let mut sheets = sheets_with(&report, Some(&changes));
        let (_, definitions) = sheets.pop().expect("the last sheet");
        for (name, sheet) in &sheets {
            for title in sheet.rows().next().expect("a header") {
                let defined = definitions.rows().find(|row| row[0] == *title);
                let defined = defined.unwrap_or_else(|| panic!("{title} of {name} is defined"));
                assert!(defined.iter().all(|text| !text.to_string().is_empty()));
            }
        }
    }
}

fn running() -> MonthReport {
    let may = month("2024-05");
    let figures = portfolio(60, may, 56);
    let mut report = decide(figures, may, at("2024-05-18T19:00:00Z"), PolicyBook::shipped());
    let named = by_name(&report);
    report.name_orders(&named, PolicyBook::shipped());
    report
}

fn sheet(report: &MonthReport, name: &str) -> Range<Data> {
    let found = sheets(report)
        .into_iter()
        .find(|(sheet, _)| sheet.ends_with(name));
    found.expect("the sheet is there").1
}

#[test]
fn what_a_running_month_asks_for_has_a_sheet_with_those_who_need_attention_first() {
    let report = running();
    let sheet = sheet(&report, "forecast");
    assert_eq!(sheet.height(), 1 + report.rows.len());
    let standings: Vec<String> = (1..sheet.height())
        .map(|row| cell(&sheet, row, "standing").to_string())
        .collect();
    assert!(standings[0].starts_with("有风险"));
    let first = cell(&sheet, 1, "seller").to_string();
    let row = report
        .rows
        .iter()
        .find(|row| row.seller_id.as_str() == first)
        .expect("a row");
    let forecast = row.forecast.expect("it runs");
    for (column, figure) in [
        ("misses affordable", forecast.misses_left),
        ("pending", Some(row.orders_pending)),
        ("to rescue", Some(forecast.orders_to_rescue)),
        ("days left", Some(forecast.days_left)),
    ] {
        let expected = figure.map_or(Data::Empty, |figure| Data::Float(figure as f64));
        assert_eq!(cell(&sheet, 1, column), &expected, "{column}");
    }
    let told = cell(&sheet, 1, "prospect").to_string();
    assert!(
        row.forecast_en()
            .iter()
            .chain(&row.forecast_zh())
            .all(|sentence| told.contains(sentence))
    );
}

#[test]
fn the_orders_that_decide_the_month_have_a_sheet_the_most_urgent_first() {
    let report = running();
    let rescue = report.rescue.as_ref().expect("some decide their months");
    let sheet = sheet(&report, "to rescue");
    let orders = rescue.most_urgent_first();
    assert_eq!(sheet.height(), 1 + orders.len());
    for (row, (seller, order)) in (1..).zip(&orders).take(30) {
        assert_eq!(
            cell(&sheet, row, "order"),
            &Data::String(order.order_id.to_string()),
            "an id stays text"
        );
        assert_eq!(
            cell(&sheet, row, "seller").to_string(),
            seller.seller_id.to_string()
        );
        let minutes = order
            .minutes_left(report.as_of)
            .expect("those without a deadline are last");
        for (column, figure) in [
            ("hours left", minutes / 60),
            ("seller must rescue", seller.needed),
            ("seller's undecided", seller.undecided),
        ] {
            assert_eq!(cell(&sheet, row, column), &Data::Float(figure as f64), "{column}");
        }
        let deadline = order
            .deadline
            .expect("a deadline")
            .display_in(PolicyBook::shipped().zone);
        assert!(deadline.starts_with(&cell(&sheet, row, "deadline, Pacific").to_string()));
    }
    let quiet = self::report();
    assert!(
        sheets(&quiet)
            .iter()
            .all(|(name, _)| !name.ends_with("to rescue"))
    );
}

#[test]
fn what_changed_since_the_revision_before_has_a_sheet_with_the_reasons() {
    let mut lake = three_months("shop", 2);
    let mended = late(fulfilled("shop", month("2024-04"), 19, 0));
    let fine = EntryRow {
        entry_id: "entry.1".to_owned(),
        seller_id: "shop".to_owned(),
        kind: "fine",
        amount_cents: 120,
        as_of: at("2024-05-07T00:00:00Z").unix(),
    };
    let order_id = mended.order_id.clone();
    lake.add(month("2024-04"), &[mended], &[fine]);
    let changes = april(&lake);
    let report = lake.report(month("2024-04"), at(AFTER));
    let sheets = sheets_with(&report, Some(&changes));
    let (_, sheet) = sheets
        .iter()
        .find(|(name, _)| name.ends_with("changes"))
        .expect("the sheet is there");
    let told: Vec<[String; 5]> = (1..sheet.height())
        .map(|row| {
            ["seller", "what changed", "before", "after", "why it changed"]
                .map(|column| cell(sheet, row, column).to_string())
        })
        .collect();
    assert_eq!(
        told.len(),
        changes.sellers[0].columns.len() - 1,
        "the reasons are one"
    );
    for (what, before, after) in [
        ("履约率 / fulfilment", "90.00 %", "95.00 %"),
        ("罚金（美元） / fines USD", "0.00", "1.20"),
        ("合格 / eligible", "否 / no", "是 / yes"),
    ] {
        let row = told.iter().find(|row| row[1] == what).expect("it changed");
        assert_eq!((&row[2][..], &row[3][..]), (before, after), "{what}");
        assert_eq!(row[0], "shop");
        let why =
            format!("orders with news (1): {order_id}; ledger entries posted (1): entry.1; deadlines passed");
        assert!(row[4].ends_with(&why), "{}", row[4]);
    }
    let (_, definitions) = sheets.last().expect("the last sheet");
    let before = definitions
        .rows()
        .find(|row| row[0].to_string().ends_with("revision before"));
    let told = before.expect("it is named")[2].to_string();
    let expected = "one: 2024-05-05 08:00 Beijing (2024-05-04 17:00 Pacific), UTC 2024-05-05T00:00:00Z";
    assert_eq!(told, expected);
    // Nothing changed, no sheet.
    let quiet = april(&three_months("shop", 1));
    let sheets = sheets_with(&report, Some(&quiet));
    assert!(sheets.iter().all(|(name, _)| !name.ends_with("changes")));
}

#[test]
fn markets_carriers_and_missing_nodes_are_summed_and_each_sellers_worst_follow() {
    let report = running();
    for (name, column, slices) in [
        ("markets", "destination", &report.breakdown.destinations),
        ("carriers", "carrier", &report.breakdown.carriers),
    ] {
        let sheet = sheet(&report, name);
        let all =
            (1..sheet.height()).filter(|row| cell(&sheet, *row, "seller").to_string().starts_with("全部"));
        // The carriers add up to the destinations by those that have none.
        let rest = usize::from(name == "carriers");
        assert_eq!(all.count(), slices.len() + rest, "{name}");
        let most = slices
            .values()
            .map(|slice| slice.fulfilment.failed())
            .max()
            .expect("some");
        assert_eq!(
            cell(&sheet, 1, "failed"),
            &Data::Float(most as f64),
            "the most failures first"
        );
        assert!(!cell(&sheet, 1, column).to_string().is_empty());
        for row in &report.rows {
            let id = row.seller_id.to_string();
            let listed = (1..sheet.height()).filter(|row| cell(&sheet, *row, "seller").to_string() == id);
            assert!(listed.count() <= 5);
        }
    }
    let summed = |name: &str, column: &str| -> f64 {
        let sheet = sheet(&report, name);
        let all =
            (1..sheet.height()).filter(|row| cell(&sheet, *row, "seller").to_string().starts_with("全部"));
        all.map(|row| match cell(&sheet, row, column) {
            Data::Float(figure) => *figure,
            other => panic!("{other} is no figure"),
        })
        .sum()
    };
    for column in ["orders", "failed", "GMV"] {
        let (markets, carriers) = (summed("markets", column), summed("carriers", column));
        assert!(
            (markets - carriers).abs() < 0.005,
            "{column}: {markets} {carriers}"
        );
    }
    let sheet = sheet(&report, "node gaps");
    let lacking = report.breakdown.missing_nodes[&Node::DepartedOrigin];
    let named = (1..sheet.height()).find(|row| {
        cell(&sheet, *row, "missing node")
            .to_string()
            .ends_with("departed origin")
    });
    assert_eq!(
        cell(&sheet, named.expect("a row"), "orders lacking it"),
        &Data::Float(lacking as f64)
    );
}

#[test]
fn the_definitions_cite_the_source_of_admission_and_say_whose_definition_fulfilment_is() {
    let sheet = sheet(&report(), "definitions");
    let row = |title: &str| {
        let found = sheet.rows().find(|row| row[0].to_string().ends_with(title));
        found.unwrap_or_else(|| panic!("a row of {title}")).to_vec()
    };
    let admission = row("/ admission rules");
    assert!(
        admission[1]
            .to_string()
            .starts_with("《线下物流服务商接入管理办法》2024-05，2024-05-01 起施行（生效日为推定）"),
        "{admission:?}"
    );
    assert!(
        admission[2]
            .to_string()
            .starts_with("Access Measures 2024-05, Measures for the Access of Offline Logistics Providers"),
        "{admission:?}"
    );
    let fulfilment = row("/ fulfilment rate");
    assert!(
        fulfilment[1].to_string().contains("此口径由本系统定义"),
        "{fulfilment:?}"
    );
    assert!(
        fulfilment[2].to_string().contains("This definition is ours"),
        "{fulfilment:?}"
    );
    assert!(
        fulfilment[2].to_string().contains("within 24 h of payment (A1)"),
        "{fulfilment:?}"
    );
}

#[test]
fn what_a_file_called_a_carrier_is_text_and_no_formula() {
    let may = month("2024-05");
    let mut figures = portfolio(1, may, 100);
    for month in &mut figures {
        let taken = std::mem::take(&mut month.breakdown.carriers).into_values();
        month.breakdown.carriers = taken.map(|slice| ("=HYPERLINK(\"x\")".into(), slice)).collect();
    }
    let report = decide(figures, may, settled(), PolicyBook::shipped());
    let sheet = sheet(&report, "carriers");
    let text = Data::String("'=HYPERLINK(\"x\")".to_owned());
    assert!((1..sheet.height()).any(|row| *cell(&sheet, row, "carrier") == text));
}

#[test]
fn the_same_report_is_the_same_workbook_and_an_empty_one_opens_too() {
    for report in [report(), running()] {
        let made = || xlsx(&report, None, PolicyBook::shipped().zone).expect("a workbook");
        assert!(made() == made());
    }
    let empty = Lake::empty().report(month("2024-04"), settled());
    assert_eq!(sheets(&empty)[0].1.height(), 1);
}
