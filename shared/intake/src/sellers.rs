//! Rows of `sellers` files: admission papers (C1–C8). JSON Lines, one object a seller; a table does too, with JSON in the
//! cells of the last four columns, as rejected.csv has them.
//!
//! | key | holds |
//! |---|---|
//! | `seller_id`* | the shop |
//! | `entity_type`* | `company`, `sole_proprietor`, `hong_kong`, `macau`, `taiwan` or `overseas`, or their Chinese names |
//! | `name` | the owner as registered |
//! | `credit_code` | the unified social credit code; for an entity outside the mainland, the number of its register |
//! | `licence_valid_until` | `"YYYY-MM-DD"`, the last day, or `"permanent"` |
//! | `notarised` | `true` or `false` |
//! | `certificates` | `[{"country": "RU", "kind": "overseas_warehouse" or "distribution_centre", "valid_from": "2024-01-01", "valid_until": "2024-12-31" or "permanent"}]` |
//! | `authorisations` | `[{"category": "…", "valid_from": …, "valid_until": …}]` |
//! | `agreements` | `[{"carrier": "Yanwen", "stamped": true, "clauses": ["scope", "compensation", "data_return"], "valid_from": …, "valid_until": …}]` |
//! | `steps` | `{"applied_at", "reviewed_at", "review": "passed" or "refused", "commitment_signed_at", "trial_started_at", "opened_at"}`, each optional; times as everywhere |
//!
//! An unknown key within these is an error that names it: a misspelt key dropped in silence is a paper lost.
//!
//! What another than the seller vouches for is the operator's word alone: `notarised` (the notary), `certificates` (the
//! platform's audit, C2), `authorisations` (the compliance team, C3) and `steps` (times and the review, C8). A seller's own
//! file states who it is, its licence and its agreements; review looks at those papers before anything is opened.

use domain::code::Finding;
use domain::papers::{TaxIdVerdict, judge_credit_code};
use domain::personal::without_personal_data;
use domain::seller::{
    Agreement, Author, Authorisation, Certificate, EntityType, Profile, Review, Steps, ValidUntil,
};
use domain::{RowCode, SellerFact, SellerId, Timestamp, country};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Column;
use crate::check::{Reading, Trust};
use crate::times::Favours;

/// Papers of one sort, at most: all of a seller's papers must fit one record.
const PAPERS_MAX: usize = 50;
/// Characters of a name, a category or a code, at most.
const TEXT_CHARACTERS_MAX: usize = 200;

const ENTITY_TYPES: &[(EntityType, &[&str])] = &[
    (EntityType::Company, &["company", "企业", "公司", "有限公司"]),
    (
        EntityType::SoleProprietor,
        &["sole_proprietor", "sole proprietor", "个体工商户", "个体户"],
    ),
    (EntityType::HongKong, &["hong_kong", "HK", "香港"]),
    (EntityType::Macau, &["macau", "macao", "MO", "澳门"]),
    (EntityType::Taiwan, &["taiwan", "TW", "台湾"]),
    (EntityType::Overseas, &["overseas", "海外"]),
];

const YES_OR_NO: &[(bool, &[&str])] = &[(true, &["true", "yes", "是"]), (false, &["false", "no", "否"])];

pub(crate) fn read(row: &mut Reading<'_>) -> Option<SellerFact> {
    let seller_id = seller(row);
    let entity_type = entity_type(row);
    let told = Profile {
        entity_type,
        name: text(row, Column::Name),
        credit_code: credit_code(row, entity_type),
        licence_valid_until: licence(row),
        agreements: agreements(row),
        ..vouched_for(row)
    };
    if row.has_errors() {
        return None;
    }
    Some(SellerFact {
        seller_id: seller_id?,
        author: match row.context.trust {
            Trust::Operator => Author::Operator,
            Trust::Seller(_) => Author::Seller,
        },
        told,
        recorded_at: row.context.recorded_at,
        source: row.source(),
    })
}

/// The shop; a seller's own file speaks of itself only.
fn seller(row: &mut Reading<'_>) -> Option<SellerId> {
    let text = row.required(Column::SellerId)?;
    let seller_id = SellerId::parse(&text);
    match (&seller_id, &row.context.trust) {
        (None, _) => row.find(RowCode::TypeInvalid, Column::SellerId),
        (Some(named), Trust::Seller(own)) if named != own => {
            row.find(RowCode::OrderOtherSeller, Column::SellerId);
        }
        _ => {}
    }
    seller_id
}

fn entity_type(row: &mut Reading<'_>) -> Option<EntityType> {
    let text = row.required(Column::EntityType)?;
    let entity_type = row.one_of(&text, ENTITY_TYPES);
    if entity_type.is_none() {
        row.find_with(
            RowCode::TypeInvalid,
            Column::EntityType,
            "company, sole_proprietor, hong_kong, macau, taiwan or overseas | 企业、个体工商户、香港、澳门、台湾或海外",
        );
    }
    entity_type
}

fn text(row: &mut Reading<'_>, column: Column) -> Option<String> {
    let text = row.given(column)?;
    if text.chars().count() > TEXT_CHARACTERS_MAX {
        let max = TEXT_CHARACTERS_MAX;
        row.find_with(
            RowCode::TypeInvalid,
            column,
            format!("at most {max} characters | 最多 {max} 个字符"),
        );
    }
    Some(text.into_owned())
}

/// The code in upper case.
fn credit_code(row: &mut Reading<'_>, entity_type: Option<EntityType>) -> Option<String> {
    let code = row.given(Column::CreditCode)?.to_uppercase();
    let mut find = |code_of, detail: &str| {
        let finding = Finding::new(code_of, Column::CreditCode.as_str(), &code);
        row.findings.push(finding.with_detail(detail));
    };
    if code.chars().count() > TEXT_CHARACTERS_MAX {
        find(RowCode::TypeInvalid, "a shorter number | 较短的号码");
    } else if entity_type.is_some_and(EntityType::is_mainland) {
        match judge_credit_code(&code) {
            TaxIdVerdict::Valid => {}
            TaxIdVerdict::CheckDigit => find(RowCode::CreditCodeCheckDigit, ""),
            TaxIdVerdict::Invalid => find(
                RowCode::TypeInvalid,
                "the 18 characters of the business licence | 营业执照上的 18 位统一社会信用代码",
            ),
        }
    }
    Some(code)
}

fn licence(row: &mut Reading<'_>) -> Option<ValidUntil> {
    let text = row.given(Column::LicenceValidUntil)?;
    let until = text.parse().ok();
    if until.is_none() {
        row.find_with(
            RowCode::TimeInvalid,
            Column::LicenceValidUntil,
            "YYYY-MM-DD, permanent | YYYY-MM-DD 或 长期",
        );
    }
    until
}

/// What others than the seller vouch for.
fn vouched_for(row: &mut Reading<'_>) -> Profile {
    if matches!(row.context.trust, Trust::Seller(_)) {
        for column in [
            Column::Notarised,
            Column::Certificates,
            Column::Authorisations,
            Column::Steps,
        ] {
            if row.given(column).is_some() {
                // The finding does not quote a whole paper.
                row.findings
                    .push(Finding::new(RowCode::StatementIgnored, column.as_str(), ""));
            }
        }
        return Profile::default();
    }
    Profile {
        notarised: notarised(row),
        certificates: certificates(row),
        authorisations: authorisations(row),
        steps: steps(row),
        ..Profile::default()
    }
}

fn notarised(row: &mut Reading<'_>) -> Option<bool> {
    let text = row.given(Column::Notarised)?;
    let notarised = row.one_of(&text, YES_OR_NO);
    if notarised.is_none() {
        row.find_with(
            RowCode::TypeInvalid,
            Column::Notarised,
            "true or false | true 或 false",
        );
    }
    notarised
}

fn certificates(row: &mut Reading<'_>) -> Option<Vec<Certificate>> {
    papers(row, Column::Certificates, |_, mut paper: Certificate| {
        let Some(code) = country::meant(&paper.country) else {
            return Err(format!("`{}` is not a country | “{0}”不是国家", paper.country));
        };
        code.clone_into(&mut paper.country);
        in_order(paper.valid_from, paper.valid_until)?;
        Ok(paper)
    })
}

fn authorisations(row: &mut Reading<'_>) -> Option<Vec<Authorisation>> {
    papers(row, Column::Authorisations, |_, paper: Authorisation| {
        sized("category", &paper.category)?;
        in_order(paper.valid_from, paper.valid_until)?;
        Ok(paper)
    })
}

fn agreements(row: &mut Reading<'_>) -> Option<Vec<Agreement>> {
    papers(row, Column::Agreements, |row, mut paper: Agreement| {
        sized("carrier", &paper.carrier)?;
        if let Some(carrier) = row.context.carriers.find(&paper.carrier) {
            // Its own carriers need not be in the table (A3): those keep their names.
            carrier.id().clone_into(&mut paper.carrier);
        }
        in_order(paper.valid_from, paper.valid_until)?;
        Ok(paper)
    })
}

fn in_order(from: chrono::NaiveDate, until: ValidUntil) -> Result<(), String> {
    match until {
        ValidUntil::Day(until) if until < from => Err(format!(
            "valid_until {until} is before valid_from {from} | valid_until {until} 早于 valid_from {from}"
        )),
        _ => Ok(()),
    }
}

fn sized(key: &str, text: &str) -> Result<(), String> {
    let fits = !text.trim().is_empty() && text.chars().count() <= TEXT_CHARACTERS_MAX;
    let max = TEXT_CHARACTERS_MAX;
    fits.then_some(())
        .ok_or_else(|| format!("{key} has 1 to {max} characters | {key} 须为 1 至 {max} 个字符"))
}

/// A list of papers, each settled by `settle` or refused with what is wrong with it.
fn papers<T: DeserializeOwned>(
    row: &mut Reading<'_>,
    column: Column,
    settle: impl Fn(&Reading<'_>, T) -> Result<T, String>,
) -> Option<Vec<T>> {
    let papers: Vec<T> = json(row, column)?;
    let settled = if papers.len() > PAPERS_MAX {
        Err(format!("at most {PAPERS_MAX} papers | 最多 {PAPERS_MAX} 份"))
    } else {
        papers.into_iter().map(|paper| settle(row, paper)).collect()
    };
    settled
        .map_err(|detail| row.find_with(RowCode::TypeInvalid, column, detail))
        .ok()
}

/// The steps as a file states them: times are read in the platform zone where they have no offset.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ToldSteps {
    applied_at: Option<String>,
    reviewed_at: Option<String>,
    review: Option<Review>,
    commitment_signed_at: Option<String>,
    trial_started_at: Option<String>,
    opened_at: Option<String>,
}

fn steps(row: &mut Reading<'_>) -> Steps {
    let told: ToldSteps = json(row, Column::Steps).unwrap_or_default();
    Steps {
        applied_at: step(row, "applied_at", told.applied_at),
        reviewed_at: step(row, "reviewed_at", told.reviewed_at),
        review: told.review,
        commitment_signed_at: step(row, "commitment_signed_at", told.commitment_signed_at),
        trial_started_at: step(row, "trial_started_at", told.trial_started_at),
        opened_at: step(row, "opened_at", told.opened_at),
    }
}

fn step(row: &mut Reading<'_>, key: &str, told: Option<String>) -> Option<Timestamp> {
    let before = row.findings.len();
    // A step counts from when it surely was done.
    let read = row.time_in(&told?, Column::Steps, Favours::Later);
    // The cell holds all steps: a finding names the one.
    for finding in row.findings.iter_mut().skip(before) {
        if finding.code == RowCode::TimeInvalid {
            finding.detail = format!("\"{key}\": \"2024-03-01T12:00:00+08:00\"");
            finding.cause = None;
        }
    }
    let (at, detail) = read?;
    if detail.is_some() {
        row.find_with(RowCode::TimeAmbiguous, Column::Steps, format!("{key}: {at}"));
    }
    row.not_in_future(at, Column::Steps)
}

/// What a cell of JSON holds. It is read as it came: undoing tricks within it could change the values.
fn json<T: DeserializeOwned>(row: &mut Reading<'_>, column: Column) -> Option<T> {
    let text = row.raw(column).trim();
    if text.is_empty() {
        return None;
    }
    serde_json::from_str(text)
        .map_err(|error| {
            let example = example(column);
            let fault = error.to_string();
            let fault: String = without_personal_data(&fault).chars().take(TEXT_CHARACTERS_MAX).collect();
            let detail = if error.is_data() {
                format!("JSON like {example} ({fault}) | 如下格式的内容：{example}（{fault}）")
            } else {
                let at = error.column();
                format!(
                    "JSON like {example} (it breaks at character {at}) | 如下格式的内容：{example}（第 {at} 个字符处有误）"
                )
            };
            row.find_with(RowCode::TypeInvalid, column, detail);
        })
        .ok()
}

/// What a cell of JSON may hold, to write by.
fn example(column: Column) -> &'static str {
    match column {
        Column::Certificates => {
            r#"[{"country":"RU","kind":"overseas_warehouse","valid_from":"2024-01-01","valid_until":"permanent"}]"#
        }
        Column::Authorisations => {
            r#"[{"category":"batteries","valid_from":"2024-01-01","valid_until":"2024-12-31"}]"#
        }
        Column::Agreements => {
            r#"[{"carrier":"Yanwen","stamped":true,"clauses":["scope","compensation","data_return"],"valid_from":"2024-01-01","valid_until":"2024-12-31"}]"#
        }
        _ => r#"{"applied_at":"2024-03-01T12:00:00+08:00","review":"passed"}"#,
    }
}
