//! What the night posted, by seller, with the reason.

use std::collections::BTreeMap;

use domain::count::{counted, noun};
use domain::{LedgerEntry, SellerId};
use maud::{Markup, html as markup};

use super::{say, text};
use crate::reason::clause_words;
use crate::{Digest, SellerFines, kind_words, reason};

pub(super) fn section(digest: &Digest) -> Markup {
    let fines = &digest.fines;
    let mut by_seller: BTreeMap<&SellerId, Vec<&LedgerEntry>> = BTreeMap::new();
    for entry in &fines.entries {
        by_seller.entry(&entry.seller_id).or_default().push(entry);
    }
    let cut = fines.cut();
    markup! {
        section aria-labelledby="fines-title" {
            h2 id="fines-title" { (text("Posted last night", "昨夜入账")) }
            @if fines.count() == 0 {
                p { (text("Nothing was posted.", "没有入账。")) }
            } @else {
                p { (text(&format!("{}; the balance moved by USD {}.", counted(fines.count(), "entry"), fines.balance),
                    &format!("共 {} 笔，余额变动 {} 美元。", fines.count(), fines.balance))) }
                @if cut > 0 {
                    p.note { (text(&format!("The {} dearest are listed; {cut} more are in the ledger.", fines.entries.len()),
                        &format!("列出金额最高的 {} 笔；另有 {cut} 笔见账本。", fines.entries.len()))) }
                }
                div.scroll tabindex="0" role="region" aria-labelledby="fines-title" {
                    table.fines {
                        thead { tr {
                            th scope="col" { (text("Order", "订单")) }
                            th scope="col" { (text("Tracking number", "运单号")) }
                            th scope="col" { (text("Clause", "条款")) }
                            th scope="col" { (text("What", "类型")) }
                            th scope="col" { "USD" }
                            th scope="col" { (text("Reason (Beijing time)", "原因（北京时间）")) }
                        } }
                        @for seller in &fines.sellers {
                            @if let Some(entries) = by_seller.get(&seller.seller_id) { (group(seller, entries)) }
                        }
                    }
                }
            }
        }
    }
}

fn group(seller: &SellerFines, entries: &[&LedgerEntry]) -> Markup {
    markup! {
        tbody {
            tr.seller {
                th colspan="4" scope="rowgroup" { (text("Seller", "店铺")) " " (seller.seller_id) " · " (seller.entries) " " (text(&noun(seller.entries, "entry"), "笔")) }
                td.number { (seller.balance) }
                td {}
            }
            @for entry in entries {
                tr {
                    th scope="row" { (entry.order_id) }
                    td { @if let Some(number) = &entry.subject.tracking_number { (number) } }
                    td { (entry.clause) " " (say(&clause_words(entry.clause))) }
                    td { (say(&kind_words(entry.kind))) }
                    td.number { (entry.amount) }
                    td { (say(&reason(entry))) }
                }
            }
        }
    }
}
