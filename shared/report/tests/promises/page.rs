//! The report as a page: whole, in both languages, alone, and the same bytes each time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Month, PolicyBook};
use report::{MonthReport, decide, html};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::changes::{AFTER, april, late, three_months};
use crate::lake::{Lake, OrderRow, at, failed, fulfilled, month, orders, policy_with, settled};
use crate::made::portfolio;

const GMV_CENTS: i64 = 5_000_000;

fn months() -> [Month; 3] {
    ["2024-04", "2024-03", "2024-02"].map(month)
}

/// Three months of sellers, each with so many failures of 20 orders in each month; order numbers do not repeat.
fn report_of(sellers: &[(&str, usize)]) -> MonthReport {
    let of_month = |month: Month| {
        let rows = sellers
            .iter()
            .enumerate()
            .flat_map(|(place, (seller, failures))| {
                let named = move |(number, row): (usize, OrderRow)| OrderRow {
                    order_id: format!(
                        "{}{:012}",
                        month.to_string().replace('-', ""),
                        place * 1_000 + number
                    ),
                    ..row
                };
                orders(seller, month, 20, *failures, GMV_CENTS)
                    .into_iter()
                    .enumerate()
                    .map(named)
            });
        (month, rows.collect())
    };
    Lake::of(&months().map(of_month)).report(months()[0], settled())
}

fn page(report: &MonthReport) -> String {
    html(report, None, PolicyBook::shipped().zone)
}

fn count(page: &str, text: &str) -> usize {
    page.matches(text).count()
}

/// The data of the page's first block.
fn data(page: &str) -> Value {
    let begin = "<script type=\"application/json\" id=\"sellers-data\">";
    let (_, after) = page.split_once(begin).expect("the block of data");
    let (json, _) = after.split_once("</script>").expect("its end");
    serde_json::from_str(json).expect("JSON")
}

/// The lines of its second block, one a seller.
fn details(page: &str) -> Vec<Value> {
    let begin = "<script type=\"application/json\" id=\"details-data\">";
    let (_, after) = page.split_once(begin).expect("the block of details");
    let (lines, _) = after.split_once("</script>").expect("its end");
    let lines = lines.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("JSON")
}

/// A text of the data in English and Chinese: its pattern, with its numbers in the holes.
fn told(data: &Value, text: &Value) -> [String; 2] {
    let mut words = text.as_str().expect("a text").split(' ');
    let pattern: usize = words.next().and_then(|word| word.parse().ok()).expect("a number");
    let numbers: Vec<&str> = words.collect();
    [0, 1].map(|language| {
        let pieces = data["patterns"][pattern][language].as_array().expect("pieces");
        let filled = pieces.iter().map(|piece| match piece {
            Value::String(words) => words.as_str(),
            hole => numbers[hole.as_u64().expect("a hole") as usize],
        });
        filled.collect()
    })
}

#[test]
fn every_seller_has_a_row_and_is_data_and_those_who_need_attention_come_first() {
    let page = page(&report_of(&[("fine", 0), ("short", 2), ("edge", 1)]));
    let place = |seller: &str| {
        let row = format!("<th scope=\"row\">{seller}</th>");
        assert_eq!(count(&page, &row), 1, "{seller}");
        page.find(&row).expect("a row")
    };
    assert!(place("edge") < place("short") && place("short") < place("fine"));
    let row = |class: &str| count(&page, &format!("<tr class=\"{class}\""));
    assert_eq!((row("at-risk"), row("not-eligible"), row("eligible")), (1, 1, 1));
    // One of 20 may fail: "edge" has none left, "fine" one, "short" is one over.
    let data = data(&page);
    let sellers = data["sellers"].as_array().expect("sellers").iter();
    let misses_left = data["cells"][5].as_array().expect("a column").iter();
    let told: Vec<_> = sellers
        .zip(misses_left)
        .map(|(seller, left)| (seller.as_str(), left.as_i64()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("edge"), Some(0)),
            (Some("short"), Some(-1)),
            (Some("fine"), Some(1))
        ]
    );
}

#[test]
fn the_page_says_everything_in_both_languages() {
    let report = report_of(&[("fine", 0), ("short", 2)]);
    let page = page(&report);
    assert_eq!(
        count(&page, "<span lang=\"en\">"),
        count(&page, "<span lang=\"zh-CN\">")
    );
    let (data, details) = (data(&page), details(&page));
    assert_eq!(details.len(), report.rows.len());
    for (seller, details) in data["sellers"].as_array().expect("sellers").iter().zip(details) {
        let row = report.rows.iter().find(|row| row.seller_id.as_str() == seller);
        let row = row.expect("a row");
        assert_eq!(
            told(&data, &details[0]),
            [row.reasons_en.clone(), row.reasons_zh.clone()]
        );
    }
    assert!(page.contains("准入资格") && page.contains("履约率"));
}

#[test]
fn what_changed_since_the_revision_before_is_told_with_the_reasons() {
    let mut lake = three_months("shop", 2);
    let mended = late(fulfilled("shop", months()[0], 19, 0));
    let order_id = mended.order_id.clone();
    lake.add(months()[0], &[mended], &[]);
    let (report, changes) = (lake.report(months()[0], at(AFTER)), april(&lake));
    let page = html(&report, Some(&changes), PolicyBook::shipped().zone);
    for told in [
        "says something else than the one as of 2024-05-05",
        "有变化的店铺：1",
        "Now eligible: 1 (shop)",
        "<td class=\"number\"><span lang=\"en\">90.00 %</span>",
        "<td class=\"number\"><span lang=\"en\">95.00 %</span>",
        &format!("orders with news (1): {order_id}; deadlines passed</span>"),
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!html(&report, None, PolicyBook::shipped().zone).contains("What changed"));
}

#[test]
fn deadlines_that_passed_are_told_beside_news_where_they_moved_a_figure() {
    let changed = |lake: &Lake| {
        let report = lake.report(months()[0], at(AFTER));
        html(&report, Some(&april(lake)), PolicyBook::shipped().zone)
    };
    let mut lake = three_months("shop", 2);
    let unsigned = OrderRow {
        delivery: (false, at("2024-05-07T00:00:00Z").unix()),
        ..fulfilled("shop", months()[0], 100, 0)
    };
    let news = late(OrderRow {
        gmv_cents: 900,
        ..fulfilled("shop", months()[0], 0, 0)
    });
    lake.add(months()[0], &[unsigned, news], &[]);
    let page = changed(&lake);
    assert!(page.contains("orders with news (1): 202404000000000000; deadlines passed</span>"));
    assert!(page.contains("有新信息的订单（1）：202404000000000000；期限已过</span>"));
    // Once the month was final, its fulfilment is a matter of news alone.
    let mut lake = three_months("shop", 2);
    let mended = OrderRow {
        fulfilment: Some((true, at("2024-04-02T00:00:00Z").unix())),
        ..late(failed("shop", months()[0], 19, 0))
    };
    lake.add(months()[0], &[mended], &[]);
    let page = changed(&lake);
    assert!(page.contains("orders with news (1)") && !page.contains("deadlines passed"));
}

#[test]
fn orders_that_no_upload_was_accepted_for_make_the_carriers_add_up() {
    let mut rows = orders("shop", months()[0], 20, 3, GMV_CENTS);
    for row in &mut rows[18..] {
        row.carrier = None;
    }
    let page = page(&Lake::of(&[(months()[0], rows)]).report(months()[0], settled()));
    let row = "<th scope=\"row\"><span lang=\"en\">no accepted upload</span><span lang=\"zh-CN\">无有效上传</span></th>\
        <td class=\"number\">2</td><td class=\"number\">2</td><td class=\"number\">0.00 %</td>";
    assert!(page.contains(row));
    let details = details(&page);
    // Two of none, all failed; 18 of DHL, one failed.
    let carriers = details[0][6].as_array().expect("carriers");
    assert_eq!(
        (&carriers[..4], carriers.len()),
        (&[0, 2, 2, 2].map(Value::from)[..], 16)
    );
    // Where every order has its carrier, there is no such row.
    let all = self::page(&report_of(&[("fine", 0)]));
    assert!(!all.contains("<th scope=\"row\"><span lang=\"en\">no accepted upload"));
}

#[test]
fn the_portfolio_is_summed_exactly_beside_the_quoted_figures() {
    let page = page(&report_of(&[("a", 1), ("b", 2), ("c", 0)]));
    assert!(page.contains("150,000.00 USD"), "GMV of the month");
    assert!(page.contains("<span lang=\"en\">3 of 60 orders failed; a seller needs 95 %. A1 + B1: our definition, the source gives none</span>"));
    assert!(page.contains("95.00 %"));
    assert!(page.contains("92.7 % offline express, 86.1 % the industry's average"));
    assert!(page.contains("线下快递 92.7%，行业平均 86.1%"));
    assert!(page.contains("12,800 admitted sellers in 32 countries"));
}

#[test]
fn the_definition_of_fulfilment_is_the_policys_in_every_word() {
    let report = |book: &PolicyBook| page(&Lake::empty().report_under(months()[0], settled(), book));
    let shipped = report(PolicyBook::shipped());
    assert!(shipped.contains("picked up within 48 h of its accepted upload (B1). This definition is ours"));
    let other = policy_with(
        "fulfilment_requires = []",
        "fulfilment_requires = [\"nodes\", \"sign_off\"]",
    );
    let other = report(&other);
    assert!(
        other
            .contains("(B1), with all tracking nodes (B2), and signed in time (B4). This definition is ours")
    );
    assert!(other.contains("，且节点齐全（B2），且按时签收（B4）。此口径由本系统定义"));
}

#[test]
fn nothing_is_fetched_and_only_its_own_script_and_styles_run() {
    let may = month("2024-05");
    let page = page(&decide(
        portfolio(30, may, 56),
        may,
        at("2024-05-18T19:00:00Z"),
        PolicyBook::shipped(),
    ));
    for outside in [
        "http://", "https://", "src=", "url(", "@import", "style=\"", "onclick",
    ] {
        assert_eq!(count(&page, outside), 0, "{outside}");
    }
    for (tag, blocks) in [("style", 1), ("script", 1)] {
        let (begin, end) = (format!("<{tag}>"), format!("</{tag}>"));
        let bodies: Vec<&str> = page
            .split(&begin)
            .skip(1)
            .filter_map(|part| part.split(&end).next())
            .collect();
        assert_eq!(bodies.len(), blocks, "{tag}");
        for body in bodies {
            let digest = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(body)));
            assert!(page.contains(&digest), "the head allows this {tag} by its digest");
        }
    }
}

#[test]
fn the_first_200_sellers_come_as_rows_and_all_as_data() {
    for (sellers, rows) in [(200, 200), (201, 200)] {
        let names: Vec<String> = (0..sellers).map(|n| format!("S{n:05}")).collect();
        let orders = names
            .iter()
            .enumerate()
            .map(|(number, seller)| fulfilled(seller, months()[0], number, 100));
        let report = Lake::of(&[(months()[0], orders.collect())]).report(months()[0], settled());
        let page = page(&report);
        assert_eq!(count(&page, "<tr class=\"not-eligible\""), rows);
        assert_eq!(data(&page)["sellers"].as_array().map(Vec::len), Some(sellers));
    }
}

#[test]
fn the_same_report_is_the_same_bytes_and_an_empty_one_is_a_page_too() {
    let report = report_of(&[("a", 1), ("b", 2)]);
    assert_eq!(page(&report), page(&report));
    let empty = Lake::empty().report(months()[0], settled());
    assert!(page(&empty).contains("准入资格"));
}
