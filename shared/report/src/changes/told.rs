//! What changed as people read it: a column by its name, its cells in their units, and why.

use std::collections::BTreeMap;

use domain::{Cents, SellerId};

use super::{BeforeAndAfter, Changes, Named, SellerChange};
use crate::reason::{percent, usd};

/// Ids that are named of a cause; `changes.json` names more.
const IDS_MAX: usize = 5;

/// A text in English and in Chinese.
pub(crate) type Both = (String, String);

/// A cell of a seller's that changed.
pub(crate) struct ChangedCell {
    pub(crate) name: Both,
    pub(crate) before: Both,
    pub(crate) after: Both,
    /// Whether it is the reasons, which are long.
    pub(crate) is_reasons: bool,
}

/// What a column's cells are.
#[derive(Clone, Copy)]
enum Form {
    /// Cents.
    Money,
    /// Basis points.
    Rate,
    Count,
    Truth,
}

/// The columns of the Parquet file that differ by revision, in its order, but for the reasons.
const COLUMNS: [(&str, Form, &str, &str); 22] = [
    ("gmv_usd_cents", Form::Money, "GMV USD", "GMV（美元）"),
    (
        "gmv_m1_cents",
        Form::Money,
        "GMV USD, month before",
        "上月 GMV（美元）",
    ),
    (
        "gmv_m2_cents",
        Form::Money,
        "GMV USD, 2 months before",
        "前两月 GMV（美元）",
    ),
    (
        "gmv_avg_usd_cents",
        Form::Money,
        "GMV USD, average",
        "GMV 月均（美元）",
    ),
    ("orders_due", Form::Count, "due", "应履约"),
    ("orders_fulfilled", Form::Count, "fulfilled", "已履约"),
    ("fulfilment_rate_bp", Form::Rate, "fulfilment", "履约率"),
    ("rate_bp_m1", Form::Rate, "fulfilment, month before", "上月履约率"),
    (
        "rate_bp_m2",
        Form::Rate,
        "fulfilment, 2 months before",
        "前两月履约率",
    ),
    (
        "on_time_delivery_bp",
        Form::Rate,
        "on-time delivery",
        "准时签收率",
    ),
    ("node_complete_bp", Form::Rate, "nodes complete", "节点齐全率"),
    ("upload_on_time_bp", Form::Rate, "upload on time", "按时上传率"),
    ("pickup_on_time_bp", Form::Rate, "pickup on time", "按时揽收率"),
    ("fines_count", Form::Count, "fines", "罚金笔数"),
    ("fines_usd_cents", Form::Money, "fines USD", "罚金（美元）"),
    ("class_ka", Form::Truth, "key account (C1)", "KA 卖家（C1）"),
    ("class_local", Form::Truth, "local (C2)", "本地化（C2）"),
    ("class_sensitive", Form::Truth, "sensitive (C3)", "敏感类目（C3）"),
    ("eligible", Form::Truth, "eligible", "合格"),
    ("final", Form::Truth, "final", "最终"),
    ("orders_excluded", Form::Count, "excluded", "发货前取消"),
    ("orders_pending", Form::Count, "pending", "待定"),
];
/// What time alone decides until the month is final: an order that waits comes to fail.
const DECIDED_BY_TIME: [&str; 8] = [
    "orders_due",
    "orders_fulfilled",
    "orders_pending",
    "fulfilment_rate_bp",
    "rate_bp_m1",
    "rate_bp_m2",
    "upload_on_time_bp",
    "pickup_on_time_bp",
];
/// What it decides for longer.
const DECIDED_LATER: [&str; 2] = ["on_time_delivery_bp", "node_complete_bp"];
/// The reasons' two columns, which change as one.
const REASONS: (&str, &str) = ("reasons_en", "reasons_zh");

/// Whether a figure differs that deadlines decide.
pub(super) fn time_decides(columns: &BTreeMap<String, BeforeAndAfter>, was_final: bool) -> bool {
    let moved = |decided: &[&str]| decided.iter().any(|column| columns.contains_key(*column));
    moved(&DECIDED_LATER) || (!was_final && moved(&DECIDED_BY_TIME))
}

impl Changes {
    /// The sellers of whom something changed: who won or lost eligibility first, then those with the most news.
    pub(crate) fn by_weight(&self) -> Vec<&SellerChange> {
        let turned = |seller: &SellerId| {
            let lists = [&self.eligible_won, &self.eligible_lost];
            lists.iter().any(|list| list.binary_search(seller).is_ok())
        };
        let mut sellers: Vec<_> = self.sellers.iter().collect();
        sellers.sort_by_cached_key(|seller| {
            let news = seller.orders_learned.count + seller.entries_posted.count;
            (
                !turned(&seller.seller_id),
                std::cmp::Reverse(news),
                seller.seller_id.clone(),
            )
        });
        sellers
    }

    /// Why a seller's figures changed: what was learned of it between the two instants, what else is different, and that
    /// deadlines passed where a figure moved that time decides.
    pub(crate) fn why(&self, seller: &SellerChange) -> Both {
        let mut causes = Vec::new();
        if seller.orders_learned.count > 0 {
            causes.push(named(
                &seller.orders_learned,
                ("orders with news", "有新信息的订单"),
            ));
        }
        if seller.entries_posted.count > 0 {
            causes.push(named(&seller.entries_posted, ("ledger entries posted", "新入账")));
        }
        let (before, after) = (&self.before, &self.after);
        if before.policy != after.policy {
            let (old, new) = (&before.policy, &after.policy);
            causes.push((format!("rules {old} → {new}"), format!("规则 {old} → {new}")));
        }
        if let (Some(old), Some(new)) = (&before.admission, &after.admission)
            && old != new
        {
            causes.push((
                format!("admission rules {old} → {new}"),
                format!("准入规则 {old} → {new}"),
            ));
        }
        if self.papers_differ && seller.papers_decide() {
            causes.push((
                "papers recorded or ended".to_owned(),
                "证书、授权或主体资料有变更".to_owned(),
            ));
        }
        if before.waymark != after.waymark {
            let (old, new) = (&before.waymark, &after.waymark);
            causes.push((format!("release {old} → {new}"), format!("版本 {old} → {new}")));
        }
        if causes.is_empty() {
            let (en, zh) = match self.inputs_added.count {
                0 => ("by time alone: deadlines passed", "仅因时间推移：时限已过"),
                _ => (
                    "nothing recorded in between: deadlines passed, or added files bring facts recorded before",
                    "期间无新信息：时限已过，或新增文件补充了更早获知的事实",
                ),
            };
            causes.push((en.to_owned(), zh.to_owned()));
        } else if before.as_of != after.as_of && seller.time_decides {
            causes.push(("deadlines passed".to_owned(), "期限已过".to_owned()));
        }
        let (en, zh): (Vec<_>, Vec<_>) = causes.into_iter().unzip();
        (en.join("; "), zh.join("；"))
    }
}

impl SellerChange {
    /// Whether papers may have changed the row: a class by papers, eligibility without C1, or words alone; or the row is new.
    fn papers_decide(&self) -> bool {
        let differs = |column: &str| self.columns.contains_key(column);
        let words_alone = self.columns.keys().all(|column| column.starts_with("reasons_"));
        let is_new = self
            .columns
            .get("final")
            .is_some_and(|cells| cells.before.is_none());
        let without_c1 = differs("eligible") && !differs("class_ka");
        differs("class_local") || differs("class_sensitive") || without_c1 || words_alone || is_new
    }

    /// The cells that differ, in the report's order of columns.
    pub(crate) fn cells(&self) -> Vec<ChangedCell> {
        let known = COLUMNS.iter().filter_map(|(column, form, en, zh)| {
            let cells = self.columns.get(*column)?;
            Some(ChangedCell {
                name: ((*en).to_owned(), (*zh).to_owned()),
                before: form.told(cells.before.as_deref()),
                after: form.told(cells.after.as_deref()),
                is_reasons: false,
            })
        });
        known.chain(self.reasons()).collect()
    }

    fn reasons(&self) -> Option<ChangedCell> {
        let (en, zh) = (self.columns.get(REASONS.0), self.columns.get(REASONS.1));
        let side = |of: fn(&BeforeAndAfter) -> Option<&String>| {
            let text = |cells: Option<&BeforeAndAfter>| {
                cells.and_then(of).map_or_else(|| NONE.to_owned(), String::clone)
            };
            (text(en), text(zh))
        };
        (en.is_some() || zh.is_some()).then(|| ChangedCell {
            name: ("why".to_owned(), "原因".to_owned()),
            before: side(|cells| cells.before.as_ref()),
            after: side(|cells| cells.after.as_ref()),
            is_reasons: true,
        })
    }
}

/// An empty cell.
const NONE: &str = "–";

impl Form {
    fn told(self, cell: Option<&str>) -> Both {
        let same = |text: String| (text.clone(), text);
        let Some(cell) = cell else {
            return same(NONE.to_owned());
        };
        match (self, cell.parse::<i64>()) {
            (Self::Truth, _) => match cell {
                "true" => ("yes".to_owned(), "是".to_owned()),
                _ => ("no".to_owned(), "否".to_owned()),
            },
            (Self::Money, Ok(cents)) => same(usd(Cents(cents))),
            (Self::Rate, Ok(basis_points)) => same(format!("{} %", percent(basis_points))),
            _ => same(cell.to_owned()),
        }
    }
}

fn named(of: &Named, (en, zh): (&str, &str)) -> Both {
    let ids = of
        .first
        .iter()
        .take(IDS_MAX)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let more = if of.count > IDS_MAX { ", …" } else { "" };
    (
        format!("{en} ({}): {ids}{more}", of.count),
        format!("{zh}（{}）：{ids}{more}", of.count),
    )
}
