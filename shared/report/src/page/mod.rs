//! The report as one page of HTML: nothing is fetched, both languages are in it, and it works without its script.
//!
//! `maud` escapes whatever is put in, and the policy in the head lets only this page's own style and script run, by their
//! digests. Every seller's row is in the page; those beyond the first are shown by the script, or by a style of their own
//! where there is none.

mod glance;
mod sellers;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Zone;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use sha2::{Digest, Sha256};

use crate::MonthReport;
use crate::reason::beijing;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");
/// Without a script nothing could show the rows that come hidden.
const STYLE_WITHOUT_SCRIPT: &str = "tr[hidden] { display: table-row; }";

/// The report as a page; `zone` is the platform's. The same report gives the same bytes.
pub fn html(report: &MonthReport, zone: Zone) -> String {
    let csp = format!(
        "default-src 'none'; style-src '{}' '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        source(STYLE),
        source(STYLE_WITHOUT_SCRIPT),
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
                noscript { style { (PreEscaped(STYLE_WITHOUT_SCRIPT)) } }
            }
            body {
                // The switch is two radio buttons and a rule of the style: it needs no script.
                input type="radio" name="language" id="language-en" checked;
                input type="radio" name="language" id="language-zh";
                (head(report, zone))
                main {
                    (glance::section(report))
                    (glance::months(report))
                    (glance::spread(report))
                    (sellers::section(report))
                }
                footer { p { (text(
                    "Every row, and more columns, in eligibility.csv and eligibility.parquet; what it was made from in manifest.json.",
                    "全部行与更多列见 eligibility.csv 与 eligibility.parquet；数据来源见 manifest.json。")) } }
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
    let is_final = report.as_of >= report.final_from;
    let both = |at: domain::Timestamp| (at.display_in(beijing()), at.display_in(zone));
    let (as_of, final_from) = (both(report.as_of), both(report.final_from));
    markup! {
        header {
            h1 { (text("Eligibility", "准入资格")) " " span.month { (report.month) } }
            p.as-of {
                (text("As of Beijing", "截至北京时间")) " " (as_of.0) " · " (as_of.1) " · "
                (text("rules", "规则")) " " (report.policy) " · "
                @if is_final {
                    strong { (text("final", "最终")) }
                } @else {
                    strong.provisional { (text("provisional, final from Beijing", "暂定，最终结果自北京时间")) " " (final_from.0) " · " (final_from.1) }
                }
            }
            p.switch {
                label for="language-en" lang="en" { "English" }
                label for="language-zh" lang="zh-CN" { "中文" }
            }
        }
    }
}
