//! `waymark identify`: whose numbers these may be, by the carriers of the policy in force. Opens no cloud.

use domain::carrier::{Carrier, CarrierClass, CarrierTable, CheckDigit, Fit};
use domain::message::message;
use domain::{Finding, TrackingNumber};
use serde::Serialize;

use crate::Done;
use crate::args::{Identify, Shared};
use crate::failure::CommandError;
use crate::policy;
use crate::terminal::Terminal;

pub(crate) fn run(shared: &Shared, arguments: &Identify, terminal: &Terminal) -> Result<Done, CommandError> {
    let policy = policy::in_force(shared)?;
    let mut done = Done::Well;
    for number in &arguments.numbers {
        let identified = Identified::of(number, &policy.carriers);
        if identified.carriers.is_empty() {
            done = Done::WithFindings;
        }
        terminal.machine(&identified)?;
        show(&identified, terminal);
    }
    Ok(done)
}

/// What can be told of a number, as `--json` shows it.
#[derive(Serialize)]
struct Identified<'a> {
    number: &'a str,
    carriers: Vec<Named<'a>>,
    hints: Vec<Hint>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
    name: &'a str,
    name_zh: &'a str,
    class: &'static str,
    check_digit: &'static str,
}

#[derive(Serialize)]
struct Hint {
    en: String,
    zh: String,
}

impl<'a> Identified<'a> {
    fn of(number: &'a str, table: &'a CarrierTable) -> Self {
        // Among other text the number is what is asked about.
        if let Some(bare) = intake::bare_number(number, None, table) {
            let fits = TrackingNumber::parse(&bare).map_or(Vec::new(), |bare| table.fits(bare.as_str()));
            return Self {
                number,
                carriers: fits.iter().map(Named::of).collect(),
                hints: vec![Hint {
                    en: format!("the number is {bare}"),
                    zh: format!("其中的运单号是 {bare}"),
                }],
            };
        }
        // A fault of form stands alone: such a cell is not measured against carriers' rules (A2).
        if let Some(fault) = intake::fault_of_number(number, table) {
            return Self {
                number,
                carriers: Vec::new(),
                hints: vec![Hint::of_finding(&fault)],
            };
        }
        let parsed = TrackingNumber::parse(number);
        let fits = parsed
            .as_ref()
            .map_or(Vec::new(), |parsed| table.fits(parsed.as_str()));
        let hints = table
            .likenesses(&number.to_ascii_uppercase())
            .into_iter()
            .map(|(en, zh)| Hint {
                en: en.to_owned(),
                zh: zh.to_owned(),
            });
        let lost_zero = parsed.filter(|_| fits.is_empty()).and_then(|parsed| {
            table
                .carriers()
                .find_map(|carrier| intake::with_lost_zero(parsed.as_str(), carrier))
        });
        let lost_zero = lost_zero.map(|whole| Hint {
            en: format!("fits as {whole}: a spreadsheet may have dropped the zero"),
            zh: format!("补上开头的 0 后（{whole}）符合规则：可能被表格软件去掉了"),
        });
        Self {
            number,
            carriers: fits.iter().map(Named::of).collect(),
            hints: hints.chain(lost_zero).collect(),
        }
    }
}

impl<'a> Named<'a> {
    fn of(fit: &Fit<'a>) -> Self {
        let carrier: &'a Carrier = fit.carrier;
        Self {
            id: carrier.id(),
            name: carrier.name(),
            name_zh: carrier.name_zh(),
            class: match carrier.class() {
                CarrierClass::Certified => "certified",
                CarrierClass::OwnPartner => "own_partner",
                CarrierClass::OutOfScope => "out_of_scope",
            },
            check_digit: match fit.check_digit {
                CheckDigit::Valid => "valid",
                CheckDigit::Invalid => "invalid",
                CheckDigit::None => "none",
            },
        }
    }
}

impl Hint {
    fn of_finding(finding: &Finding) -> Self {
        let text = message(finding);
        Self {
            en: format!("{} {}", text.message_en, text.fix_en),
            zh: format!("{}{}", text.message_zh, text.fix_zh),
        }
    }
}

fn show(identified: &Identified<'_>, terminal: &Terminal) {
    terminal.line(identified.number);
    for carrier in &identified.carriers {
        let check_digit = match carrier.check_digit {
            "valid" => terminal.say("check digit valid", "校验位正确"),
            "invalid" => terminal.say("check digit invalid", "校验位错误"),
            _ => terminal.say("no check digit", "无校验位"),
        };
        terminal.line(format!(
            "  {}  {check_digit}",
            terminal.say(carrier.name, carrier.name_zh)
        ));
    }
    if identified.carriers.is_empty() {
        terminal.line(format!(
            "  {}",
            terminal.say("fits no carrier's format", "不符合任何承运商的单号规则")
        ));
    }
    for hint in &identified.hints {
        terminal.line(format!("  {}", terminal.say(&hint.en, &hint.zh)));
    }
}
