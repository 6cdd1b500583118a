//! A diagnosis as one page: nothing is fetched, both languages are in it, and it has no script.
//!
//! `maud` escapes whatever is put in, and the policy lets only this page's own style be used, by its digest.

use aws_lambda_events::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::because::Told;
use domain::diagnosis::{Diagnosis, Stage, Standing};
use domain::explain::Moment;
use domain::{Cents, Zone};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::question::CHARACTERS_MAX;

const STYLE: &str = include_str!("page.css");

/// The policy of what a page may do, as a header.
pub(crate) fn content_policy() -> HeaderValue {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// A diagnosis; `is_chinese` chooses the language that is shown first.
pub(crate) fn of(diagnosis: &Diagnosis, zone: Zone, is_chinese: bool) -> String {
    let Moment { pacific, beijing, .. } = Moment::of(diagnosis.as_of, zone);
    let main = html! {
        p.as-of {
            (text("As of Beijing", "截至北京时间")) " " (beijing) " · " (text("Pacific", "太平洋时间")) " " (pacific)
        }
        dl.standing {
            div class=(class(diagnosis.standing)) {
                dt { (text("Overall", "总体")) } dd { (say(&diagnosis.standing.words())) }
            }
            @if let Some(number) = &diagnosis.tracking_number { (figure("Number", "运单号", number)) }
            @if let Some(order_id) = &diagnosis.order_id { (figure("Order", "订单", order_id)) }
            @if let Some(seller_id) = &diagnosis.seller_id { (figure("Seller", "店铺", seller_id)) }
            (figure("Fined, USD", "已罚（美元）", diagnosis.fined))
            (figure("At stake, USD", "风险金额（美元）", diagnosis.at_stake))
        }
        ol.stages { @for stage in &diagnosis.stages { (row(stage)) } }
        @if diagnosis.stages_left_out > 0 {
            p { (text("Stages not shown:", "未显示的环节：")) " " (diagnosis.stages_left_out) }
        }
        @if !diagnosis.clauses.is_empty() {
            h2 { (text("Rules applied", "适用规则")) }
            dl.clauses { @for clause in &diagnosis.clauses {
                dt { (clause.id) " " (text(&clause.name_en, &clause.name_zh)) }
                dd { (text(&clause.rule_en, &clause.rule_zh)) }
            } }
        }
        @if let Some(policy) = &diagnosis.policy {
            p.as-of {
                (text("Policy pack", "规则版本")) " " (policy.version)
                @if diagnosis.policy_applied_early { " " (text("(not yet in force at the payment)", "（付款时尚未生效）")) }
            }
        }
    };
    whole(Some(&diagnosis.asked), is_chinese, &main)
}

/// Nothing was asked yet: the form, and what it is good for.
pub(crate) fn asking(is_chinese: bool) -> String {
    let main = html! {
        p.intro { (text(
            "Every stage is told, from the number's format to its fines: the failing ones first, each with its reason and what to do.",
            "查询会列出从单号格式到罚款的每个环节：未通过的排在最前，并说明原因和处理办法。",
        )) }
    };
    whole(None, is_chinese, &main)
}

/// Why there is no diagnosis, above which stands what was typed, to be mended.
pub(crate) fn refusing(told: &Told, asked: &str, is_chinese: bool) -> String {
    let shown: String = asked
        .chars()
        .filter(|c| !c.is_control())
        .take(CHARACTERS_MAX)
        .collect();
    let shown = Some(shown.trim()).filter(|shown| !shown.is_empty());
    whole(
        shown,
        is_chinese,
        &html! { p.refused role="alert" { (say(told)) } },
    )
}

fn whole(asked: Option<&str>, is_chinese: bool, main: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(if is_chinese { "zh-CN" } else { "en" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Waymark 物流诊断 · diagnosis" @if let Some(asked) = asked { " " (asked) } }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                // The switch is two radio buttons and a rule of the style: it needs no script. They are the form's, so that
                // the next question is answered in the language that is shown.
                input type="radio" form="question" name="lang" value="en" id="language-en" checked[!is_chinese];
                input type="radio" form="question" name="lang" value="zh" id="language-zh" checked[is_chinese];
                header {
                    h1 { (text("Diagnosis", "物流诊断")) @if let Some(asked) = asked { " " span.asked { (asked) } } }
                    p.switch {
                        label for="language-en" lang="en" { "English" }
                        label for="language-zh" lang="zh-CN" { "中文" }
                    }
                }
                main {
                    form id="question" method="get" action="/" {
                        label for="q" { (text("Tracking number or order id", "运单号或订单号")) }
                        input type="search" name="q" id="q" required maxlength=(CHARACTERS_MAX) value=[asked] autofocus[asked.is_none()] spellcheck="false";
                        input type="hidden" name="format" value="html";
                        button { (text("Ask", "查询")) }
                    }
                    (main)
                }
            }
        }
    };
    page.into_string()
}

fn row(stage: &Stage) -> Markup {
    // What has passed asks for nothing; the command leaves it out, too.
    let remedy = stage
        .remedy
        .as_ref()
        .filter(|_| stage.standing <= Standing::Pending);
    html! {
        li class=(class(stage.standing)) {
            p.result {
                strong { (say(&stage.name)) } " "
                @if let Some(number) = &stage.tracking_number { span.number { (number) } " " }
                em { (say(&stage.standing.words())) }
                @if let Some(family) = stage.family { " · " (say(&family.words())) }
                @for clause in &stage.clauses { " " abbr { (clause) } }
                (money("fined", "已罚", stage.fined))
                (money("at stake", "风险", stage.at_stake))
            }
            p { (say(&stage.cause)) }
            @if let Some(remedy) = remedy { p.remedy { "→ " (say(remedy)) } }
        }
    }
}

fn money(en: &str, zh: &str, amount: Cents) -> Markup {
    html! { @if amount > Cents::ZERO { " " span.money { "· " (text(en, zh)) " " (amount) " USD" } } }
}

fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Failed => "failed",
        Standing::AtRisk => "at-risk",
        Standing::Passed => "passed",
        Standing::Pending | Standing::NotApplicable => "quiet",
    }
}

fn figure(en: &str, zh: &str, value: impl std::fmt::Display) -> Markup {
    html! { div { dt { (text(en, zh)) } dd { (value.to_string()) } } }
}

/// A text in both languages, of which the page shows one.
fn say(told: &Told) -> Markup {
    text(&told.en, &told.zh)
}

fn text(en: &str, zh: &str) -> Markup {
    html! { span lang="en" { (en) } span lang="zh-CN" { (zh) } }
}
