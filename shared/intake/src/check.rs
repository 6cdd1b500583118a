//! One row, checked: what it says as a typed fact, and everything that is to be said of it.
//!
//! A row is read cell by cell to its end, so that one answer names all its faults, not just the first.

use std::borrow::Cow;
use std::sync::Arc;

use domain::carrier::CarrierTable;
use domain::code::{Cause, Finding, RowCode};
use domain::event_code::EventTables;
use domain::facts::{AppealFact, EventFact, OrderFact, RateFact, Stored, TrackingFact};
use domain::order::Source;
use domain::personal::{Personal, is_mask};
use domain::{Elapsed, OrderId, SellerFact, SellerId, StatementLine, Timestamp, Zone};

use crate::cell::{self, Undone, Use};
use crate::times::RowZone;
use crate::zones::{AssumedTimes, FileZone};
use crate::{
    CellMark, Column, Columns, Filled, Kind, RawRow, appeals, events, hint, number, orders, placeholder,
    precision, rates, sellers, statement, tracking,
};

/// Whose word an upload is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// An operator's file (`_`): it may state times and an appeal's decision.
    Operator,
    /// A seller's own file: such columns are ignored with `STATEMENT_IGNORED`.
    Seller(SellerId),
}

/// What all rows of an upload share.
#[derive(Clone, Debug)]
pub struct Context {
    /// The zones of times without one.
    pub zone: FileZone,
    /// The platform's zone: calendar days are counted in it.
    pub platform_zone: Zone,
    /// The upload's id, for [`Source`].
    pub upload: u64,
    /// The upload's stated time, else the object's timestamp: when a row was learned that does not say so itself.
    pub recorded_at: Timestamp,
    /// The clock when the file arrived: no row was recorded later (conventions, "Now").
    pub clock: Timestamp,
    /// The stored file, by which its rows are told from those of others at one instant; `None` where nothing is stored.
    pub stored: Option<Stored>,
    /// What the upload states of all its rows, for columns that the file lacks.
    pub filled: Filled,
    /// Whose word it is.
    pub trust: Trust,
    /// How far a time may lie after its recording (conventions, "Arrival": 14 h).
    pub future_max: Elapsed,
    /// The earliest instant that a row may state.
    pub earliest: Timestamp,
    /// What carriers' codes and texts stand for (B2).
    pub events: Arc<EventTables>,
    /// The carriers and their number rules (A2, A3).
    pub carriers: Arc<CarrierTable>,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Of an order.
    Order(OrderFact),
    /// Of an order's tracking number.
    Tracking(TrackingFact),
    /// Of a parcel.
    Event(EventFact),
    /// Of an appeal.
    Appeal(AppealFact),
    /// Of a currency.
    Rate(RateFact),
    /// Of a seller's papers.
    Seller(Box<SellerFact>),
    /// Of a charge on the platform's bill.
    Statement(Box<StatementLine>),
}

/// A row with its verdict so far: what follows from the row alone.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedRow {
    /// What it says. `None` when an error leaves nothing to apply. Only a tracking row has a fact *and* errors, whenever
    /// its order and instant can be read: a failed upload is a fact of the order (A6).
    pub fact: Option<Fact>,
    /// What was found, in the order of the kind's columns; errors among it refuse the row.
    pub findings: Vec<Finding>,
    /// Faults of the order columns that a tracking row repeats. They count only where the order is not known (a dry run):
    /// a known order tells what these cells could not.
    pub stated_findings: Vec<Finding>,
    /// Tricks that were undone in its cells.
    pub undone: Undone,
    /// What is to be noted of the file because of the row.
    pub remark: Option<Remark>,
    /// Its times that were read in an assumed zone.
    pub assumed: AssumedTimes,
}

/// What one of a file's notes counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The row is a header once more: passed over.
    HeaderAgain,
    /// The row holds a template's hints or its example: passed over.
    Hint,
    /// Nobody has paid the order yet: passed over.
    Unpaid,
    /// The order's status does not say how it ended: it stays as it was.
    StatusUndecided,
}

impl Remark {
    /// Whether the row is no data and is passed over.
    pub fn is_passed_over(self) -> bool {
        self != Self::StatusUndecided
    }
}

impl Fact {
    fn source_mut(&mut self) -> &mut Source {
        match self {
            Self::Order(fact) => &mut fact.source,
            Self::Tracking(fact) => &mut fact.source,
            Self::Event(fact) => &mut fact.source,
            Self::Appeal(fact) => &mut fact.source,
            Self::Rate(fact) => &mut fact.source,
            Self::Seller(fact) => &mut fact.source,
            Self::Statement(line) => &mut line.source,
        }
    }
}

impl CheckedRow {
    /// This row under that number, for one that was checked before its number was known.
    #[must_use]
    pub fn numbered(mut self, number: u64) -> Self {
        if let Some(fact) = &mut self.fact {
            fact.source_mut().row = number;
        }
        self
    }

    /// Whether the row is no data.
    pub fn is_passed_over(&self) -> bool {
        self.remark.is_some_and(Remark::is_passed_over)
    }

    /// Whether an error refuses the row.
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }
}

/// Checks a row of the upload whose columns these are.
pub fn check(row: &RawRow, columns: &Columns, context: &Context) -> CheckedRow {
    checked(Reading::of(row, columns, context))
}

fn checked(mut reading: Reading<'_>) -> CheckedRow {
    let (row, columns) = (reading.row, reading.columns);
    let fact = if reading.is_misshapen() {
        None
    } else {
        match columns.kind() {
            Kind::Orders => orders::read(&mut reading).map(Fact::Order),
            Kind::Tracking => tracking::read(&mut reading).map(Fact::Tracking),
            Kind::Events => events::read(&mut reading).map(Fact::Event),
            Kind::Appeals => appeals::read(&mut reading).map(Fact::Appeal),
            Kind::Rates => rates::read(&mut reading).map(Fact::Rate),
            Kind::Sellers => sellers::read(&mut reading).map(|fact| Fact::Seller(Box::new(fact))),
            Kind::Statement => statement::read(&mut reading).map(|line| Fact::Statement(Box::new(line))),
        }
    };
    // Only a row that cannot be read whole is asked: a header once more never can.
    let is_in_doubt = fact.is_none() || reading.has_errors();
    let no_data = (is_in_doubt && reading.remark.is_none())
        .then(|| hint::of_row(row, columns))
        .flatten();
    if let Some(remark) = no_data {
        reading.pass_over(remark);
    }
    Finding::withhold(&mut reading.findings);
    Finding::withhold(&mut reading.stated_findings);
    CheckedRow {
        fact: fact.filter(|_| no_data.is_none()),
        findings: reading.findings,
        stated_findings: reading.stated_findings,
        undone: reading.undone,
        remark: reading.remark,
        assumed: reading.assumed,
    }
}

/// A row while it is read.
pub(crate) struct Reading<'a> {
    row: &'a RawRow,
    columns: &'a Columns,
    pub(crate) context: &'a Context,
    pub(crate) findings: Vec<Finding>,
    pub(crate) stated_findings: Vec<Finding>,
    undone: Undone,
    remark: Option<Remark>,
    pub(crate) row_zone: RowZone,
    pub(crate) assumed: AssumedTimes,
    /// Whether the row is read to try a proposal: it makes none itself.
    is_trial: bool,
}

impl<'a> Reading<'a> {
    /// A row that is about to be read.
    pub(crate) fn of(row: &'a RawRow, columns: &'a Columns, context: &'a Context) -> Self {
        Self {
            row,
            columns,
            context,
            findings: Vec::new(),
            stated_findings: Vec::new(),
            undone: Undone::default(),
            remark: None,
            row_zone: RowZone::default(),
            assumed: AssumedTimes::default(),
            is_trial: false,
        }
    }

    /// The cell as it came, or what the upload states for a column that the file lacks; empty where there is neither.
    #[inline]
    pub(crate) fn raw(&self, column: Column) -> &'a str {
        match self.columns.at(column) {
            Some(index) => self.row.cell(index),
            None => self.context.filled.value(column).unwrap_or_default(),
        }
    }

    /// Where the file's columns stand, and what its rows show together.
    pub(crate) fn columns(&self) -> &'a Columns {
        self.columns
    }

    /// Whether the workbook marks the cell so.
    pub(crate) fn is_marked(&self, column: Column, mark: CellMark) -> bool {
        let at = self.columns.at(column);
        at.is_some_and(|index| self.row.is_marked(index, mark))
    }

    /// Notes what a note of the file is to count.
    pub(crate) fn remark(&mut self, remark: Remark) {
        self.remark = Some(remark);
    }

    /// The row is no data: nothing more is said of it.
    pub(crate) fn pass_over(&mut self, remark: Remark) {
        self.findings.clear();
        self.stated_findings.clear();
        self.undone = Undone::default();
        self.remark = Some(remark);
    }

    /// Notes what was undone in a cell.
    pub(crate) fn note(&mut self, undone: Undone) {
        self.undone.add(undone);
    }

    /// Whether the cell holds a formula of which the spreadsheet has kept no value.
    pub(crate) fn is_uncomputed(&self, column: Column) -> bool {
        self.columns.at(column).is_some_and(|index| {
            self.row.cell(index).is_empty() && self.row.is_marked(index, CellMark::Formula)
        })
    }

    /// The cell's value, when it has one. Taken into its callers, each of which knows what its column asks.
    #[inline(always)]
    pub(crate) fn given(&mut self, column: Column) -> Option<Cow<'a, str>> {
        let value = self.cleaned(column, Use::Text);
        (!value.is_empty()).then_some(value)
    }

    /// The value of a personal cell, which nothing prints; an empty one when it has none.
    pub(crate) fn personal(&mut self, column: Column) -> Personal<'a> {
        let cell = self.raw(column);
        // Stars alone stand for nothing elsewhere. Here they are what an answer has masked.
        if cell.trim().len() > 1 && is_mask(cell) {
            return Personal::new(cell);
        }
        Personal::new(self.given(column).unwrap_or_default())
    }

    /// What was found so far, without what a row out of place would say of persons.
    pub(crate) fn found(&mut self) -> Vec<Finding> {
        Finding::withhold(&mut self.findings);
        self.findings.clone()
    }

    /// The cell's value; `CELL_MISSING` when it has none.
    pub(crate) fn required(&mut self, column: Column) -> Option<Cow<'a, str>> {
        let value = self.given(column);
        if value.is_none() {
            self.find_missing(RowCode::CellMissing, column);
        }
        value
    }

    /// A cell that must say something says nothing: it is empty, or a word stands there for nothing.
    pub(crate) fn find_missing(&mut self, code: RowCode, column: Column) {
        if self.is_placeholder(column) {
            self.find_because(code, column, Cause::Placeholder, "");
        } else {
            self.find(code, column);
        }
    }

    fn is_placeholder(&self, column: Column) -> bool {
        placeholder::is_nothing(column, &cell::clean_for(column, self.raw(column)).0)
    }

    /// The cell's value; empty when it has none, or a word stands there for nothing.
    #[inline(always)]
    pub(crate) fn cleaned(&mut self, column: Column, purpose: Use) -> Cow<'a, str> {
        let cell = self.raw(column);
        let value = if self.row.is_ascii() && cell::is_its_value(column, cell) {
            Cow::Borrowed(cell)
        } else {
            let (value, undone) = cell::clean_as(column, cell, purpose);
            self.undone.add(undone);
            value
        };
        if placeholder::is_nothing(column, &value) {
            self.undone.add(Undone::PLACEHOLDER);
            return Cow::Borrowed("");
        }
        value
    }

    /// Notes a finding about a cell.
    pub(crate) fn find(&mut self, code: RowCode, column: Column) {
        self.find_with(code, column, "");
    }

    pub(crate) fn find_with(&mut self, code: RowCode, column: Column, detail: impl Into<String>) {
        self.findings
            .push(Finding::new(code, column.as_str(), self.raw(column)).with_detail(detail));
    }

    /// Notes a finding with the one of its code's reasons that applies.
    pub(crate) fn find_because(
        &mut self,
        code: RowCode,
        column: Column,
        cause: Cause,
        detail: impl Into<String>,
    ) {
        self.find_with(code, column, detail);
        if let Some(found) = self.findings.last_mut() {
            found.cause = Some(cause);
        }
    }

    /// Has the last finding propose a value for its cell, if the row would be accepted with it there.
    pub(crate) fn propose(&mut self, column: Column, value: &str) {
        if self.is_accepted_with(column, value)
            && let Some(found) = self.findings.last_mut()
        {
            found.proposal = value.into();
        }
    }

    /// Whether the row has no error in that cell with this value in it.
    fn is_accepted_with(&self, column: Column, value: &str) -> bool {
        let Some(at) = self
            .columns
            .at(column)
            .filter(|_| !self.is_trial && !value.is_empty())
        else {
            return false;
        };
        let cells = self.row.cells().enumerate();
        let cells = cells.map(|(index, cell)| if index == at { value } else { cell });
        let row = RawRow::of(self.row.number(), cells);
        let mut trial = Reading::of(&row, self.columns, self.context);
        trial.is_trial = true;
        let is_of_cell = |finding: &Finding| finding.is_error() && finding.column == column.as_str();
        !checked(trial).findings.iter().any(is_of_cell)
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    pub(crate) fn source(&self) -> Source {
        Source {
            upload: self.context.upload,
            row: self.row.number(),
        }
    }

    pub(crate) fn order_id(&mut self) -> Option<OrderId> {
        let text = self.required(Column::OrderId)?;
        let order_id = OrderId::parse(&text);
        if order_id.is_none() && number::is_scientific(&text) || self.has_lost_digits(&text) {
            self.find(RowCode::OrderIdPrecisionLost, Column::OrderId);
            return None;
        }
        if order_id.is_none() {
            self.find(RowCode::OrderIdFormat, Column::OrderId);
        }
        order_id
    }

    /// Whether a spreadsheet has made zeros of an id's last digits: the cell is a number of its own, or all the file's
    /// ids show it.
    fn has_lost_digits(&self, order_id: &str) -> bool {
        let is_number = || self.is_marked(Column::OrderId, CellMark::Number);
        precision::ends_like_a_cut_number(order_id)
            && (self.columns.is_precision_lost() || self.columns.are_numbers_cut() && is_number())
    }

    /// Whether a spreadsheet has cut the end of a cell's value: the cell is a number of its own with more digits than a
    /// spreadsheet keeps (A2), whatever they look like.
    pub(crate) fn is_cut_number(&self, column: Column, value: &str) -> bool {
        precision::is_long_number(value) && self.is_marked(column, CellMark::Number)
    }

    /// The one whose names hold `text`, in any case.
    pub(crate) fn one_of<T: Copy>(&self, text: &str, names: &[(T, &[&str])]) -> Option<T> {
        let named = |text: &str| {
            let is_named = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
            names
                .iter()
                .find(|(_, names)| is_named(names))
                .map(|&(one, _)| one)
        };
        named(text).or_else(|| named(&text.chars().map(domain::simplified).collect::<String>()))
    }

    /// Whether the row's cells cannot be told apart or do not belong to the columns: then none of them is read. The
    /// findings quote no cell, since a cell out of place may be a tax id.
    pub(crate) fn is_misshapen(&mut self) -> bool {
        let (row, width) = (self.row, self.columns.width());
        let surplus = (width..row.len()).any(|index| !row.cell(index).trim().is_empty());
        let detail = if let Some(fault) = row.fault() {
            fault.to_owned()
        } else if row.has_stray_quote() {
            let line = row.line();
            format!("a quote in line {line} is not closed | 第 {line} 行有引号没有闭合")
        } else if surplus {
            let cells = row.len();
            format!("{cells} cells for {width} columns | 共 {width} 列，该行却有 {cells} 格")
        } else {
            return false;
        };
        self.findings
            .push(Finding::new(RowCode::RowShape, "", "").with_detail(detail));
        true
    }
}
