//! `waymark diagnose`: every stage of a number or an order, the failing ones first and red (D1).

use anstyle::{AnsiColor, Style};
use diagnosis::{Answer, Question, ask};
use domain::Cents;
use domain::because::Told;
use domain::diagnosis::{Diagnosis, Stage, Standing};

use super::instant_or_now;
use crate::Done;
use crate::args::{Diagnose, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Diagnose,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let as_of = instant_or_now(arguments.as_of)?;
    let backend = Backend::open_existing(shared).await?;
    let question = Question::parse(&arguments.asked, &backend.policy.carriers)
        .map_err(|bad| CommandError::usage(format!("{bad} | {}", bad.zh())))?;
    let diagnosis = match ask(&backend.diagnosis_desk(), &question, as_of).await? {
        Answer::Told(diagnosis) => diagnosis,
        Answer::NoOrder(order_id) => {
            return Err(CommandError::usage(format!(
                "there is no order {order_id} as of {as_of}, and no carrier has such a number | 截至 {as_of} 没有订单 {order_id}，也没有承运商使用这样的单号"
            )));
        }
    };
    terminal.machine(&diagnosis)?;
    show(&diagnosis, terminal);
    Ok(match diagnosis.standing {
        Standing::Failed => Done::WithFindings,
        _ => Done::Well,
    })
}

fn show(diagnosis: &Diagnosis, terminal: &Terminal) {
    let say = |told: &Told| plain(terminal.say(&told.en, &told.zh));
    let style = style_of(diagnosis.standing);
    terminal.paragraph(format!(
        "{BOLD}{}{BOLD:#}  {style}{}{style:#}  {}{}",
        plain(&diagnosis.asked),
        say(&diagnosis.standing.words()),
        terminal.say("as of ", "截至"),
        terminal.moment(diagnosis.as_of)
    ));
    if let Some(order_id) = &diagnosis.order_id {
        let seller = diagnosis.seller_id.as_ref().map_or(String::new(), |seller_id| {
            format!(
                "{}{} {seller_id}",
                terminal.comma(),
                terminal.say("seller", "店铺")
            )
        });
        terminal.paragraph(format!(
            "{} {order_id}{seller}{}{} {} USD{}{} {} USD",
            terminal.say("order", "订单"),
            terminal.say("; ", "；"),
            terminal.say("fined", "已罚"),
            diagnosis.fined,
            terminal.comma(),
            terminal.say("at stake", "风险"),
            diagnosis.at_stake
        ));
    }
    terminal.line("");
    for stage in &diagnosis.stages {
        show_stage(stage, terminal);
    }
    if diagnosis.stages_left_out > 0 {
        terminal.paragraph(format!(
            "… {} {}",
            diagnosis.stages_left_out,
            terminal.say("more", "个环节未显示")
        ));
    }
    if !diagnosis.clauses.is_empty() {
        terminal.line("");
    }
    for clause in &diagnosis.clauses {
        terminal.paragraph(format!(
            "{FAINT}{} {}{}{}{FAINT:#}",
            clause.id,
            terminal.say(&clause.name_en, &clause.name_zh),
            terminal.colon(),
            terminal.say(&clause.rule_en, &clause.rule_zh)
        ));
    }
}

fn show_stage(stage: &Stage, terminal: &Terminal) {
    let say = |told: &Told| plain(terminal.say(&told.en, &told.zh));
    let style = style_of(stage.standing);
    let number = stage.tracking_number.as_ref().map(ToString::to_string);
    let family = stage.family.map(|family| say(&family.words()));
    let clauses = stage.clauses.join(" ");
    let money = |en, zh, amount: Cents| {
        (amount > Cents::ZERO).then(|| format!("{} {amount} USD", terminal.say(en, zh)))
    };
    let parts = [
        number,
        Some(clauses).filter(|clauses| !clauses.is_empty()),
        family,
        money("fined", "已罚", stage.fined),
        money("at stake", "风险", stage.at_stake),
    ];
    let about: Vec<String> = parts.into_iter().flatten().collect();
    let about = match about.join(terminal.comma()) {
        nothing if nothing.is_empty() => nothing,
        about => format!("  {FAINT}{about}{FAINT:#}"),
    };
    terminal.paragraph(format!(
        "{style}{} {}{}{}{style:#}{about}",
        mark_of(stage.standing),
        say(&stage.name),
        terminal.colon(),
        say(&stage.standing.words()),
    ));
    terminal.paragraph(format!("  {}", say(&stage.cause)));
    if let Some(remedy) = stage
        .remedy
        .as_ref()
        .filter(|_| stage.standing <= Standing::Pending)
    {
        terminal.paragraph(format!("  → {}", say(remedy)));
    }
}

/// Colours alone tell nothing in a pipe.
fn mark_of(standing: Standing) -> char {
    match standing {
        Standing::Failed => '✗',
        Standing::AtRisk => '!',
        Standing::Pending => '…',
        Standing::Passed => '✓',
        Standing::NotApplicable => '–',
    }
}

fn style_of(standing: Standing) -> Style {
    match standing {
        Standing::Failed => RED,
        Standing::AtRisk => YELLOW,
        Standing::Passed => GREEN,
        Standing::Pending | Standing::NotApplicable => Style::new(),
    }
}

/// What was typed or came in a file: what would move the cursor stays out of the terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
