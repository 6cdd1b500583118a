//! What the page's words mean.

use maud::{Markup, html as markup};

use super::text;
use crate::MonthReport;
use crate::reason::usd;

pub(super) fn section(report: &MonthReport) -> Markup {
    markup! {
        section.meanings aria-labelledby="meanings-title" {
            h2 id="meanings-title" tabindex="-1" { (text("Definitions", "名词说明")) }
            dl {
                @for ((term_en, term_zh), (en, zh)) in terms(report) {
                    div { dt { (text(term_en, term_zh)) } dd { (text(&en, &zh)) } }
                }
            }
        }
    }
}

type Term = ((&'static str, &'static str), (String, String));

fn terms(report: &MonthReport) -> Vec<Term> {
    let limits = report.limits;
    let (months, min, percent) = (limits.months, usd(limits.gmv_min), limits.fulfilment_percent_min);
    let mut terms = vec![
        (
            ("Eligible", "合格"),
            (
                format!(
                    "GMV of at least {min} USD a month on average over {months} months, and fulfilment of at least {percent} % in each of them (C1); \
                 or a certificate of local fulfilment (C2) or, for its category alone, an authorisation (C3) in force at the month's end; \
                 never a sole proprietor, and an owner outside the mainland only with notarised papers (C4)"
                ),
                format!(
                    "近 {months} 个月月均 GMV 不低于 {min} 美元，且各月物流履约率不低于 {percent}%（C1）；\
                 或月末持有效的本地化履约证书（C2）；或月末持有效的敏感类目专项授权（C3，仅限该类目）。\
                 个体工商户一律不合格，港澳台及海外主体须有公证认证文件（C4）"
                ),
            ),
        ),
        (("Admission rules", "准入规则"), report.admission.in_full()),
        (
            ("GMV", "GMV"),
            (
                "amounts of the month's paid orders, in USD; those cancelled before shipment are left out"
                    .to_owned(),
                "本月已付款订单金额（美元），不含发货前取消的订单".to_owned(),
            ),
        ),
        (("Fulfilment", "履约率"), limits.fulfilment.in_full()),
        (
            ("At risk", "有风险"),
            (
                format!(
                    "still eligible or within reach, and close to losing it: the seller had failures in these {months} months, and fewer are left \
                 to it than one order in a hundred (at least one), or than its pending orders would bring at the rate at which it failed so far; \
                 or GMV would be short {}",
                    if report.is_running() {
                        "at the month's own pace"
                    } else {
                        "if the next month were just like this one"
                    }
                ),
                format!(
                    "仍合格或仍可达标，但余地很小：近 {months} 个月有过未履约，且还可失误单数少于订单数的百分之一（至少一单），\
                 或少于待定订单按既往失误率将产生的失误；或{}",
                    if report.is_running() {
                        "按本月进度 GMV 将不足"
                    } else {
                        "下月若与本月相同则 GMV 不足"
                    }
                ),
            ),
        ),
        (
            ("Failures allowed", "还可失误单数"),
            (
                "orders that may still fail before the month's rate is too low; negative: so many too many"
                    .to_owned(),
                "本月履约率跌破下限前还可失误的单数；负数表示已超出".to_owned(),
            ),
        ),
    ];
    if report.is_running() {
        terms.extend(ahead());
    }
    terms.extend([
        (
            ("On time", "准时签收"),
            (
                "orders signed within 30 days of payment (B4), of those signed or past it".to_owned(),
                "付款后 30 天内签收（B4）÷ 已签收或已超时订单".to_owned(),
            ),
        ),
        (
            ("Nodes complete", "节点齐全"),
            (
                "orders with all tracking nodes (B2), of those whose timelines have ended".to_owned(),
                "节点齐全（B2）÷ 轨迹均已结束的订单".to_owned(),
            ),
        ),
        (
            ("Fines", "罚金"),
            (
                "of the orders paid in the month, reversals deducted".to_owned(),
                "本月付款订单的罚金，已扣除退回".to_owned(),
            ),
        ),
    ]);
    terms
}

fn ahead() -> [Term; 4] {
    [
        (
            ("Out of reach", "已无法达标"),
            (
                "cannot become eligible any more, or only at a better pace than in any of these months"
                    .to_owned(),
                "已不可能合格，或须超过近几个月的最好进度".to_owned(),
            ),
        ),
        (
            ("Must be fulfilled", "必须履约单数"),
            (
                "pending orders that must be fulfilled, or the month is lost unless new orders come"
                    .to_owned(),
                "必须履约的待定订单数，否则失去本月（除非有新订单补回）".to_owned(),
            ),
        ),
        (
            ("GMV a day needed", "每日还需 GMV"),
            (
                "what C1 still lacks, over the days that are left, today among them; rounded up to the cent"
                    .to_owned(),
                "C1 尚缺的 GMV ÷ 剩余天数（含当日），进位至分".to_owned(),
            ),
        ),
        (
            ("At stake a month", "面临损失的月 GMV"),
            (
                "what eligibility is worth: the seller's GMV a month over the two complete months before"
                    .to_owned(),
                "资格价值：此前两个完整月份的月均 GMV".to_owned(),
            ),
        ),
    ]
}
