//! The night under a shadow policy, beside what is due under the one in force.

use domain::what_if::{Charges, Compared};
use maud::{Markup, html as markup};

use super::{say, text};
use crate::ShadowFigures;
use crate::reason::clause_words;
use crate::shadow::signed;

pub(super) fn section(shadow: &ShadowFigures) -> Markup {
    let name = &shadow.policy;
    let version = format!("{} · {} · {}", name.file, name.version, &name.sha256[..12]);
    markup! {
        section aria-labelledby="shadow-title" {
            h2 id="shadow-title" { (text("Under the shadow policy", "试行规则对照")) }
            p { (version) " — " (text(&format!("{} of {} orders would be charged differently than under {}.",
                    shadow.orders_differing, shadow.orders_compared, shadow.in_force),
                &format!("{} 个订单中有 {} 个与 {} 的应罚不同。", shadow.orders_compared, shadow.orders_differing, shadow.in_force))) }
            @for note in &shadow.notes { p.note { (say(note)) } }
            div.scroll { table.shadow {
                (heading("Clause", "条款"))
                tbody {
                    @for (clause, compared) in &shadow.clauses {
                        (line(&markup! { (clause) " " (say(&clause_words(*clause))) }, compared))
                    }
                    (line(&text("all", "合计"), &shadow.total))
                }
            } }
            @if !shadow.sellers.is_empty() { (sellers(shadow)) }
            @if !shadow.orders.is_empty() { (orders(shadow)) }
        }
    }
}

fn heading(en: &str, zh: &str) -> Markup {
    markup! {
        thead { tr {
            th scope="col" { (text(en, zh)) }
            th scope="col" { (text("In force: fines", "现行：罚金")) }
            th scope="col" { (text("held", "暂缓扣罚")) }
            th scope="col" { (text("Shadow: fines", "影子：罚金")) }
            th scope="col" { (text("held", "暂缓扣罚")) }
            th scope="col" { (text("Difference: fines", "差额：罚金")) }
            th scope="col" { "USD" }
        } }
    }
}

fn line(of: &Markup, compared: &Compared) -> Markup {
    let difference = compared.difference();
    let fines = |charges: &Charges| format!("{} · {}", charges.fines, charges.fined);
    let held = |charges: &Charges| format!("{} · {}", charges.holds, charges.held);
    markup! {
        tr {
            th scope="row" { (of) }
            @for charges in [&compared.in_force, &compared.alternative] {
                td.number { (fines(charges)) }
                td.number { (held(charges)) }
            }
            td.number { (format!("{:+}", difference.fines)) }
            td.number { (signed(difference.fined)) }
        }
    }
}

fn sellers(shadow: &ShadowFigures) -> Markup {
    let (named, all) = (shadow.sellers.len(), shadow.sellers_differing);
    markup! {
        h3 { (text(&format!("Sellers who differ: {all}, the {named} greatest"), &format!("有差异的店铺：{all} 个，列出最大的 {named} 个"))) }
        div.scroll { table.shadow {
            (heading("Seller", "店铺"))
            tbody {
                @for seller in &shadow.sellers { (line(&markup! { (seller.seller_id) }, &seller.compared)) }
                @if let Some(others) = &shadow.other_sellers {
                    (line(&text("sellers not summed one by one", "未逐一合计的店铺"), others))
                }
            }
        } }
    }
}

fn orders(shadow: &ShadowFigures) -> Markup {
    markup! {
        details {
            summary { (text(&format!("The {} orders with the greatest difference", shadow.orders.len()),
                &format!("差额最大的 {} 个订单", shadow.orders.len()))) }
            div.scroll { table.shadow {
                thead { tr {
                    th scope="col" { (text("Order", "订单")) }
                    th scope="col" { (text("Seller", "店铺")) }
                    th scope="col" { (text("Clauses", "条款")) }
                    th scope="col" { (text("Difference, USD", "差额（美元）")) }
                } }
                tbody {
                    @for order in &shadow.orders {
                        tr {
                            th scope="row" { (order.order_id) }
                            td { (order.seller_id) }
                            td { (crate::shadow::clauses(order)) }
                            td.number { (signed(order.fined)) }
                        }
                    }
                }
            } }
        }
    }
}
