//! The command line. Its help in Chinese is in `data/help.zh.toml`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::time::{StatedZone, TimeError, TimeText, WrittenTime};
use domain::{Currency, Month, OrderId, SellerId, Timestamp, TrackingNumber};
use intake::Kind;

/// Keeps a seller's offline-express orders inside the platform's rules.
#[derive(Debug, Parser)]
#[command(name = "waymark", version = entrypoint::VERSION, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Shared {
    /// Machine output on stdout, and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of what people read; without it the locale's, Chinese or else English
    #[arg(long, global = true, value_enum)]
    pub(crate) lang: Option<Lang>,
    /// The embedded cloud's state
    #[arg(long, global = true, value_name = "DIR", default_value = ".waymark")]
    pub(crate) data_dir: PathBuf,
    /// The operator's policy file: chosen at a data directory's first use, later it has to be the same; else WAYMARK_POLICY
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The deployed stack instead, by WAYMARK_ORDERS_TABLE, WAYMARK_RECORDS_TABLE and WAYMARK_BUCKET
    #[arg(long, global = true)]
    pub(crate) aws: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// English
    En,
    /// 中文
    Zh,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a season of orders and plays it through an embedded cloud, day by day
    Demo(Demo),
    /// Serves the embedded cloud: S3 and DynamoDB endpoints, the diagnosis page, uploads and schedules live
    Up(Up),
    /// Puts files in the inbox, waits for the answers, prints them
    Upload(Upload),
    /// Judges files without any cloud; applies nothing and never fines
    Validate(Validate),
    /// Plays a season kept as DIR/YYYY-MM-DD/KIND*.csv, night by night
    Replay(Replay),
    /// One night, or one of its scans
    Scan(Scan),
    /// Takes back nights that were run as of a wrong instant
    Nights(Nights),
    /// Writes to the lake again what it may lack
    History(History),
    /// Brings tables that were restored to an earlier instant up to the bucket: judges uploads and runs nights again
    Restore(Restore),
    /// The monthly eligibility report
    Report(Report),
    /// Ledger entries and balance
    Ledger(Ledger),
    /// Why an entry stands in the ledger: clause, inputs, arithmetic, events
    Explain(Explain),
    /// What is wrong with a tracking number or an order: every stage, the failing ones first
    Diagnose(Diagnose),
    /// What is near: deadlines by money at risk and time left; posts nothing
    Board(Board),
    /// Rows that wait for their order, tracking number or exchange rate, or have lapsed
    Parked(Parked),
    /// What failed for good and was set aside, with its cause; the rest went on
    Failures(Failures),
    /// Removes what is kept of a consignee: the files that name an order, and the answers that return its rows
    Erase(Erase),
    /// Carriers whose format a tracking number fits
    Identify(Identify),
    /// The policy that a data directory works by: rules, own carriers, embargo
    Policy(Policy),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Demo {
    /// Orders in the season
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(20..=1_000_000))]
    pub(crate) orders: u32,
    /// The same seed makes the same season
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the season's files, the cloud's state and the reports go
    #[arg(long, value_name = "DIR", default_value = "waymark-demo")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Up {
    /// Port of the S3 endpoint
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    pub(crate) s3_port: u16,
    /// Port of the DynamoDB endpoint
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub(crate) dynamodb_port: u16,
    /// Port of the diagnosis page
    #[arg(long, value_name = "PORT", default_value_t = 8010)]
    pub(crate) diagnosis_port: u16,
    #[command(flatten)]
    pub(crate) shadow: Shadow,
}

/// What every command takes that runs a stall scan.
#[derive(Clone, Debug, Args)]
pub(crate) struct Shadow {
    /// A policy file that every live order is assessed under too; nothing of it is posted, the digest tells the difference
    #[arg(long, value_name = "FILE")]
    pub(crate) shadow_policy: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Upload {
    /// Files to upload
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// orders, tracking, events, appeals, sellers, rates or statement; taken from the content when absent
    #[arg(long, value_name = "K", value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// The seller whose file it is; an operator's when absent
    #[arg(long, value_name = "S", value_parser = seller)]
    pub(crate) seller: Option<SellerId>,
    /// When the content was learned; now when absent
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) recorded_at: Option<Timestamp>,
    /// The zone of times that have none: Beijing, PST, UTC+8, Asia/Shanghai
    #[arg(long, value_name = "Z", value_parser = zone)]
    pub(crate) zone: Option<StatedZone>,
    #[command(flatten)]
    pub(crate) filled: Fills,
    /// Where report.json, rejected.csv and repaired.xlsx go, in a folder named after the file's stem; here when absent
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".")]
    pub(crate) out: Option<PathBuf>,
}

/// What stands for columns that a file lacks.
#[derive(Clone, Debug, Args)]
pub(crate) struct Fills {
    /// The shop of all rows, for a file without such a column; the file stays the operator's
    #[arg(long, value_name = "S", value_parser = seller)]
    pub(crate) shop: Option<SellerId>,
    /// The currency of all rows, for a file without such a column
    #[arg(long, value_name = "C", value_parser = currency)]
    pub(crate) currency: Option<Currency>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Validate {
    /// Files to judge
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// orders, tracking, events, appeals, sellers, rates or statement; taken from the content when absent
    #[arg(long, value_name = "K", value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// An orders file, for what depends on the orders
    #[arg(long, value_name = "FILE")]
    pub(crate) orders: Option<PathBuf>,
    /// The seller whose file it is; an operator's when absent
    #[arg(long, value_name = "S", value_parser = seller)]
    pub(crate) seller: Option<SellerId>,
    /// When the content was learned; now when absent
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) recorded_at: Option<Timestamp>,
    /// The zone of times that have none: Beijing, PST, UTC+8, Asia/Shanghai
    #[arg(long, value_name = "Z", value_parser = zone)]
    pub(crate) zone: Option<StatedZone>,
    #[command(flatten)]
    pub(crate) filled: Fills,
    /// The largest file that is read, in MB; an upload may have 512
    #[arg(long, value_name = "MB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) file_mb_max: u64,
    /// Write report.json, rejected.csv and repaired.xlsx in a folder of DIR named after the file's stem; here without DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Replay {
    /// The season
    #[arg(value_name = "DIR")]
    pub(crate) season: PathBuf,
    /// The last day to play
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub(crate) until: Option<NaiveDate>,
    #[command(flatten)]
    pub(crate) shadow: Shadow,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Scan {
    /// What to run
    #[arg(value_enum)]
    pub(crate) which: ScanKind,
    /// The night's instant (RFC 3339); now when absent
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) as_of: Option<Timestamp>,
    /// Where scan.json goes, and of a night the digest's files; a folder named after scan and day when absent
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shadow: Shadow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScanKind {
    /// Every live order: silence, and whatever has changed
    Stalls,
    /// Orders past their 30 days
    Signoffs,
    /// A whole night: both scans, then its close and the morning's digest
    Night,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Nights {
    #[command(subcommand)]
    pub(crate) action: NightsAction,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum NightsAction {
    /// Takes back everything that was posted, closed and reported as of later than an instant
    Withdraw(Withdraw),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Withdraw {
    /// What is as of later than this instant is taken back (RFC 3339); what is as of it or before stays
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) after: Timestamp,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct History {
    #[command(subcommand)]
    pub(crate) action: HistoryAction,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum HistoryAction {
    /// The entries of a day's nights from their closes, every order as it is now, and changes that could not be read
    Backfill(Backfill),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Backfill {
    /// The day of the nights, in the platform's zone (YYYY-MM-DD); with --until the first of several
    #[arg(long, value_name = "D")]
    pub(crate) night: NaiveDate,
    /// The last day
    #[arg(long, value_name = "D")]
    pub(crate) until: Option<NaiveDate>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Restore {
    /// The instant to which the tables were restored (RFC 3339); what they know already is left alone
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) after: Timestamp,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Report {
    /// The month (YYYY-MM)
    #[arg(long, value_name = "MONTH", value_parser = month)]
    pub(crate) month: Month,
    /// The instant as of which the figures are taken (RFC 3339); now when absent
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) as_of: Option<Timestamp>,
    /// Where the report's files go; a folder named after the month when absent
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Ledger {
    #[command(subcommand)]
    pub(crate) action: Option<LedgerAction>,
    /// Of one seller
    #[arg(long, value_name = "S", value_parser = seller)]
    pub(crate) seller: Option<SellerId>,
    /// Of one order
    #[arg(long, value_name = "O", value_parser = order)]
    pub(crate) order: Option<OrderId>,
    /// Of orders paid in one month (YYYY-MM)
    #[arg(long, value_name = "M", value_parser = month)]
    pub(crate) month: Option<Month>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Explain {
    /// The entry's id, as `waymark ledger --json` has it
    #[arg(value_name = "ENTRY_ID")]
    pub(crate) entry_id: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Diagnose {
    /// A tracking number or an order id
    #[arg(value_name = "NUMBER|ORDER_ID")]
    pub(crate) asked: String,
    /// The instant as of which it is reported (RFC 3339); now when absent
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) as_of: Option<Timestamp>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Board {
    /// Of the orders of one seller; of all when absent
    #[arg(long, value_name = "S", value_parser = seller)]
    pub(crate) seller: Option<SellerId>,
    /// The instant as of which is looked ahead (RFC 3339); now when absent
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) as_of: Option<Timestamp>,
    /// Rows shown
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) rows: usize,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Parked {
    /// Of the files of one seller; of all files when absent
    #[arg(long, value_name = "S", value_parser = seller)]
    pub(crate) seller: Option<SellerId>,
    /// The instant as of which waiting is counted (RFC 3339); now when absent
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) as_of: Option<Timestamp>,
}

#[derive(Clone, Debug, Args)]
#[group(skip)]
pub(crate) struct Erase {
    /// The order of the consignee
    #[arg(long, value_name = "ID", value_parser = order, required_unless_present = "number", conflicts_with = "number")]
    pub(crate) order: Option<OrderId>,
    /// A tracking number of the order, where its id is not known
    #[arg(long, value_name = "N", value_parser = number)]
    pub(crate) number: Option<TrackingNumber>,
    /// Removes what was found; without it, only lists it
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Failures {
    #[command(subcommand)]
    pub(crate) action: Option<FailuresAction>,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum FailuresAction {
    /// Delivers once more what was set aside
    Retry(Retry),
    /// Gives up on what was set aside: it is delivered no more
    Discard(Discard),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Discard {
    /// Its key, as `waymark failures` lists it
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Retry {
    /// Its key, as `waymark failures` lists it
    #[arg(value_name = "KEY", required_unless_present = "all")]
    pub(crate) key: Option<String>,
    /// Everything that was set aside
    #[arg(long, conflicts_with = "key")]
    pub(crate) all: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Identify {
    /// Tracking numbers
    #[arg(required = true, value_name = "NUMBER")]
    pub(crate) numbers: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Policy {
    #[command(subcommand)]
    pub(crate) action: PolicyAction,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PolicyAction {
    /// Replaces it by a file, which may leave to the shipped policy what it does not change
    Set(PolicySet),
    /// Prints its whole text
    Show,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PolicySet {
    /// The operator's policy file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum LedgerAction {
    /// Proves what must always be true of the ledger
    Verify(Verify),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Verify {
    /// A copy of the bucket's closes/, proved by itself without any cloud
    #[arg(long, value_name = "DIR")]
    pub(crate) closes: Option<PathBuf>,
    /// The SHA-256 that the copy's newest close must have, as an earlier proof told it
    #[arg(long, value_name = "SHA256", requires = "closes")]
    pub(crate) newest: Option<String>,
    /// First has orders that were brought back from a backup take up the entries that the ledger has of them
    #[arg(long, conflicts_with = "closes")]
    pub(crate) adopt: bool,
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| {
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("one of {0} | 应为 {0} 之一", kinds.join(", "))
    })
}

fn seller(text: &str) -> Result<SellerId, String> {
    SellerId::parse(text).ok_or_else(|| "a seller id has 1–64 letters, digits, `.`, `_` or `-` | 店铺编号由 1–64 个字母、数字或 . _ - 组成".to_owned())
}

fn order(text: &str) -> Result<OrderId, String> {
    OrderId::parse(text).ok_or_else(|| "an order id has 10–20 digits | 订单号由 10–20 位数字组成".to_owned())
}

fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse()
        .map_err(|_| "a day is written YYYY-MM-DD, like 2024-06-12 | 日期应写成 2024-06-12".to_owned())
}

fn number(text: &str) -> Result<TrackingNumber, String> {
    let number = TrackingNumber::parse(&text.trim().to_ascii_uppercase());
    number.ok_or_else(|| "a tracking number has letters and digits alone".to_owned())
}

fn currency(text: &str) -> Result<Currency, String> {
    Currency::named(text).ok_or_else(|| {
        "a currency is written by its three letters, like USD | 币种请填写三位字母代码，例如 USD".to_owned()
    })
}

fn month(text: &str) -> Result<Month, String> {
    let month: Month = text.parse().map_err(|_| {
        let number = text
            .split_once('-')
            .and_then(|(_, month)| month.parse::<u32>().ok());
        match number.filter(|month| !(1..=12).contains(month)) {
            Some(month) => format!(
                "there is no month {month}; a month is written YYYY-MM, like 2024-05 | 没有 {month} 月；月份应写成 YYYY-MM，例如 2024-05"
            ),
            None => "a month is written YYYY-MM, like 2024-05 | 月份应写成 YYYY-MM，例如 2024-05".to_owned(),
        }
    })?;
    if month < FIRST_MONTH {
        return Err(format!(
            "{month} lies before {FIRST_MONTH}, the first month that there can be orders of | {month} 早于 {FIRST_MONTH}，当时还没有订单"
        ));
    }
    Ok(month)
}

/// The first month of which there can be orders.
const FIRST_MONTH: Month = Month::of_year(2000, 1);

fn zone(text: &str) -> Result<StatedZone, String> {
    StatedZone::parse(text)
        .ok_or_else(|| "a time zone is written Beijing, PST, UTC+8 or Asia/Shanghai | 时区请写成 Beijing、PST、UTC+8 或 Asia/Shanghai".to_owned())
}

/// 2000-01-01T00:00:00Z: what is typed before it is a slip.
const FIRST_INSTANT: Timestamp = Timestamp::from_unix(946_684_800);

/// An instant in any form that says its zone.
fn instant(text: &str) -> Result<Timestamp, String> {
    let refused = || {
        "an instant is written 2024-06-12T07:00:00Z or with an offset | 时间应写成 2024-06-12T07:00:00Z，或带时区，例如 2024-06-12T15:00:00+08:00".to_owned()
    };
    let written = TimeText::parse(text)
        .ok()
        .filter(TimeText::has_zone)
        .ok_or_else(refused)?;
    match written.read_in(StatedZone::UTC) {
        Ok(WrittenTime::Exact(at)) if at >= FIRST_INSTANT => Ok(at),
        Ok(WrittenTime::Exact(_)) | Err(TimeError::TooEarly) => Err(format!(
            "{text} lies before 2000, when nothing was recorded yet | {text} 早于 2000 年，当时还没有任何记录"
        )),
        // A name of a place does not tell the two hours apart when the clocks go back.
        Ok(WrittenTime::Ambiguous { .. }) | Err(_) => Err(refused()),
    }
}
