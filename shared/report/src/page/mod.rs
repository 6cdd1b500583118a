//! The report as one page of HTML: nothing is fetched, both languages are in it, and it reads without its script.
//!
//! `maud` escapes whatever is put in, and the policy in the head lets only this page's own style and script run, by their
//! digests. The sellers who need attention first are rows of the page; all of them are data in it, from which the script
//! makes rows as they are asked for, and what is known of one seller when it is opened. So a page of 13,000 sellers shows
//! at once.

mod changes;
mod charts;
mod data;
mod details;
mod failed;
mod glance;
mod lines;
mod meanings;
mod months;
mod places;
mod quoted;
mod rescue;
mod sellers;
mod texts;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Zone;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use sha2::{Digest, Sha256};

use crate::names::instant_names;
use crate::{Changes, MonthReport};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// The report as a page, with what it changes where there is a revision before it; `zone` is the platform's. The same report
/// gives the same bytes.
pub fn html(report: &MonthReport, changes: Option<&Changes>, zone: Zone) -> String {
    let csp = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        source(STYLE),
        source(SCRIPT)
    );
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(csp);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Waymark 准入资格 · eligibility " (report.month) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                // The switch is two radio buttons and a rule of the style: it needs no script.
                input type="radio" name="language" id="language-en" checked;
                input type="radio" name="language" id="language-zh";
                a.skip href="#sellers-title" { (text("To the sellers", "跳至店铺明细")) }
                (head(report, zone))
                main {
                    (glance::section(report))
                    (rescue::section(report))
                    @if let Some(changes) = changes { (changes::section(changes, zone)) }
                    (months::section(report))
                    (places::section(report))
                    (sellers::section(report))
                    (meanings::section(report))
                }
                footer { p { (text(
                    "Every seller, and more columns, in eligibility.csv, .parquet and .xlsx; what it was made from in manifest.json.",
                    "全部店铺与更多列见 eligibility.csv、.parquet 与 .xlsx；数据来源见 manifest.json。")) } }
                (data::blocks(report, zone))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn source(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// A text in both languages, of which the page shows one.
fn text(en: &str, zh: &str) -> Markup {
    markup! { span lang="en" { (en) } span lang="zh-CN" { (zh) } }
}

fn head(report: &MonthReport, zone: Zone) -> Markup {
    let instant = |at| {
        let (en, zh) = instant_names(at, zone);
        text(&en, &zh)
    };
    let (admission_en, admission_zh) = report.admission.in_full();
    markup! {
        header {
            h1 { (text("Eligibility", "准入资格")) " " span.month { (report.month) } }
            p.as-of {
                @if report.is_running() || report.lacking.is_some() {
                    strong.provisional { (text("provisional", "暂定")) }
                } @else {
                    strong.final { (text("final", "最终")) }
                }
                " · " (text("as of", "截至")) " " (instant(report.as_of))
                @if report.is_running() {
                    " · " (text("final from", "最终结果自")) " " (instant(report.final_from))
                }
                @if let Some(lacking) = &report.lacking {
                    " · " (text(&lacking.en, &lacking.zh))
                }
                " · " (text("rules", "规则")) " " (report.policy)
                " · " (text("admission", "准入规则")) " " (text(&admission_en, &admission_zh))
            }
            p.switch {
                label for="language-en" lang="en" { "English" }
                label for="language-zh" lang="zh-CN" { "中文" }
            }
        }
    }
}
