//! The digest as one page: nothing is fetched, both languages are in it, and it works without its script.
//!
//! `maud` escapes whatever is put in, and the policy in the head lets only this page's own style and script run, by their
//! digests: a seller's name cannot become markup, and markup could not run.

mod board;
mod fines;
mod shadow;
mod standing;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::deadlines::Matter;
use domain::{PolicyBook, Zone};
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use sha2::{Digest as _, Sha256};

use crate::words::Words;
use crate::{Digest, Missing, beijing, carriers, pacific};

const STYLE: &str = include_str!("style.css");
/// Without the script there is nothing that would show the rest of the rows.
const UNSCRIPTED: &str = "#board .rest { display: table-row-group; }";
const SCRIPT: &str = include_str!("page.js");

/// The digest as a page of HTML.
pub fn html(digest: &Digest, book: &PolicyBook) -> String {
    let zone = book.zone;
    let csp = format!(
        "default-src 'none'; style-src '{}' '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        source(STYLE),
        source(UNSCRIPTED),
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
                title { "Waymark 晨报 · morning digest " (digest.date) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
                noscript { style { (PreEscaped(UNSCRIPTED)) } }
            }
            body {
                // The switch is two radio buttons and a rule of the style: it needs no script.
                input type="radio" name="language" id="language-en" checked;
                input type="radio" name="language" id="language-zh";
                (head(digest, zone))
                main {
                    (missing(&digest.missing))
                    (standing::section(&digest.board))
                    (board::section(digest, book))
                    (fines::section(digest))
                    (carriers_section(digest, book))
                    @if let Some(shadow) = &digest.shadow { (shadow::section(shadow)) }
                }
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
fn say(words: &Words) -> Markup {
    markup! { span lang="en" { (words.en) } span lang="zh-CN" { (words.zh) } }
}

fn text(en: &str, zh: &str) -> Markup {
    markup! { span lang="en" { (en) } span lang="zh-CN" { (zh) } }
}

fn head(digest: &Digest, zone: Zone) -> Markup {
    markup! {
        header {
            h1 { (text("Morning digest", "物流晨报")) " " span.date { (digest.date) } }
            p.as-of {
                (text("As of Beijing", "截至北京时间")) " " (beijing(digest.as_of))
                " · " (text("Pacific", "太平洋时间")) " " (pacific(digest.as_of, zone))
            }
            p.switch {
                label for="language-en" lang="en" { "English" }
                label for="language-zh" lang="zh-CN" { "中文" }
            }
        }
    }
}

/// What is not on the board is said before anything else.
fn missing(missing: &[Missing]) -> Markup {
    markup! {
        @if !missing.is_empty() {
            section.missing role="alert" {
                h2 { (text("Part of the orders was not looked at", "部分订单未检查")) }
                p { (text("The board below is incomplete: of these stretches of last night's pass nothing is known.",
                    "以下看板不完整：昨夜扫描缺少这些部分。")) }
                ul {
                    @for stretch in missing {
                        li {
                            (text("segment", "分段")) " " (stretch.segment + 1) " / " (stretch.segments)
                            @if let Some(after) = &stretch.after { ", " (text("after order", "自订单之后")) " " (after) }
                        }
                    }
                }
            }
        }
    }
}

/// A clause of the board in words.
pub(crate) fn matter_words(matter: Matter) -> Words {
    match matter {
        Matter::Upload => Words::new("upload", "上传单号"),
        Matter::Pickup => Words::new("pickup", "揽收"),
        Matter::Silence => Words::new("silence", "断更"),
        Matter::SignOff => Words::new("sign-off", "签收"),
    }
}

fn carriers_section(digest: &Digest, book: &PolicyBook) -> Markup {
    let days = carriers::days(book.board.carriers_judged());
    let percent = |per_mille: u64| format!("{}.{} %", per_mille / 10, per_mille % 10);
    markup! {
        section aria-labelledby="carriers-title" {
            h2 id="carriers-title" { (text("Carriers, the worst first", "承运商排名（最差在前）")) }
            p.note {
                (text(&format!("Over the last {days} days, the live orders' parcels: silences over the limit, time from an event to our knowing of it, timelines that ended incomplete."),
                    &format!("近 {days} 天未完结订单的包裹：断更次数、轨迹从发生到我方得知的时间、缺节点的轨迹。")))
            }
            div.scroll { table.carriers {
                thead { tr {
                    th scope="col" { (text("Carrier", "承运商")) }
                    th scope="col" { (text("Parcels", "包裹")) }
                    th scope="col" { (text("Silent now", "正在断更")) }
                    th scope="col" { (text("Silences", "断更次数")) }
                    th scope="col" { (text("Silences per parcel", "断更率")) }
                    th scope="col" { (text("Reporting delay, median", "回传延迟（中位数）")) }
                    th scope="col" { (text("Latency, 90 %", "延迟（九成）")) }
                    th scope="col" { (text("Incomplete", "缺节点")) }
                    th scope="col" { (text("Missing nodes", "所缺节点")) }
                } }
                tbody {
                    @for row in &digest.carriers {
                        tr {
                            th scope="row" { (say(&crate::carrier_words(&row.carrier, &book.carriers))) }
                            td.number { (row.figures.parcels) }
                            td.number { (row.figures.silent_now) }
                            td.number { (row.figures.silences) }
                            td.number { (percent(row.silences_per_mille)) }
                            td.number { (row.latency_median.as_deref().unwrap_or("–")) }
                            td.number { (row.latency_p90.as_deref().unwrap_or("–")) }
                            td.number {
                                @if row.figures.ended > 0 { (row.figures.incomplete) " / " (row.figures.ended) } @else { "–" }
                            }
                            td {
                                @for (node, count) in &row.figures.missing_nodes {
                                    span.node { (say(&crate::words::node_words(*node))) " " (count) }
                                }
                            }
                        }
                    }
                }
            } }
        }
    }
}
