//! Codes of rows and files: what an answer file says of an upload. Texts live in `data/messages.toml`.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::personal::Quoted;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The row is refused.
    Error,
    /// The row waits for its parent (order, tracking number, exchange rate).
    Parked,
    /// The row stands; a person should look.
    Warning,
}

macro_rules! row_codes {
    ($($(#[$doc:meta])* $variant:ident $text:literal $severity:ident $clause:literal;)*) => {
        /// A finding's code, as the contract names it.
        ///
        /// JSON holds it by name, an order's binary state by the number of its variant (`UploadFailure`): variants are
        /// part of the stored form. Append, never insert, reorder or rename.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RowCode {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl RowCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code in answer files.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What the code does to its row.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// The rulebook's clause it rests on; empty for matters of form.
            pub fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause,)* }
            }
        }
    };
}

// A fined code is stored with its order, by its place here: new codes go to the end.
row_codes! {
    /// A required cell is empty.
    CellMissing "CELL_MISSING" Error "";
    /// A cell does not hold what its column is for.
    TypeInvalid "TYPE_INVALID" Error "";
    /// The row's cells do not fit the columns, or a quote is not closed.
    RowShape "ROW_SHAPE" Error "";
    /// Not a date and time, or a local time that does not exist.
    TimeInvalid "TIME_INVALID" Error "";
    /// A local time that exists twice; read in the seller's favour.
    TimeAmbiguous "TIME_AMBIGUOUS" Warning "";
    /// A column that only an operator's file may state was ignored.
    StatementIgnored "STATEMENT_IGNORED" Warning "";
    /// Not 10–20 digits.
    OrderIdFormat "ORDER_ID_FORMAT" Error "";
    /// A spreadsheet has destroyed the order number.
    OrderIdPrecisionLost "ORDER_ID_PRECISION_LOST" Error "";
    /// The order is not known yet.
    OrderUnknown "ORDER_UNKNOWN" Parked "";
    /// The order belongs to another seller.
    OrderOtherSeller "ORDER_OTHER_SELLER" Error "";
    /// Cancelled or refunded before the upload.
    OrderState "ORDER_STATE" Warning "A1";
    /// No tracking number.
    NumEmpty "NUM_EMPTY" Error "A2";
    /// The number misses its carrier's rule.
    NumFormat "NUM_FORMAT" Error "A2";
    /// Spaces in or around the number.
    NumWhitespace "NUM_WHITESPACE" Error "A2";
    /// A spreadsheet has turned the number into `1.2E+15`.
    NumScientific "NUM_SCIENTIFIC" Error "A2";
    /// Leading zeros were lost.
    NumLeadingZeroLost "NUM_LEADING_ZERO_LOST" Error "A2";
    /// The check digit is wrong.
    NumCheckDigit "NUM_CHECK_DIGIT" Warning "A2";
    /// Another order holds the number: the claim waits for it.
    NumUsedElsewhere "NUM_USED_ELSEWHERE" Parked "A2";
    /// The tracking number is not known yet.
    NumUnknown "NUM_UNKNOWN" Parked "";
    /// Several numbers in one cell.
    NumMultiple "NUM_MULTIPLE" Error "A2";
    /// The carrier is in no table.
    CarrierUnknown "CARRIER_UNKNOWN" Error "A2";
    /// AE Standard / Premium Shipping: not offline express.
    CarrierOutOfScope "CARRIER_OUT_OF_SCOPE" Error "A3";
    /// Neither `all` nor `part`.
    SendTypeInvalid "SEND_TYPE" Error "";
    /// The first accepted upload came more than 24 h after payment.
    UploadLate "UPLOAD_LATE" Warning "A1";
    /// Not a country.
    DestUnknown "DEST_UNKNOWN" Error "A5";
    /// A sanctioned or embargoed destination.
    DestSanctioned "DEST_SANCTIONED" Error "A5";
    /// The destination wants a commercial invoice.
    InvoiceMissing "INVOICE_MISSING" Error "A4";
    /// The destination wants a local tax id.
    TaxIdMissing "TAX_ID_MISSING" Error "A4";
    /// The tax id breaks its country's rule.
    TaxIdInvalid "TAX_ID_INVALID" Error "A4";
    /// The tax id's check digit is wrong, where that only warns.
    TaxIdCheckDigit "TAX_ID_CHECK_DIGIT" Warning "A4";
    /// Not an ISO 4217 currency.
    CurrencyUnknown "CURRENCY_UNKNOWN" Error "";
    /// No exchange rate for the payment day yet.
    RateMissing "RATE_MISSING" Parked "";
    /// Not an amount of its currency.
    AmountInvalid "AMOUNT_INVALID" Error "";
    /// The same facts stand in the file already.
    RowDuplicate "ROW_DUPLICATE" Warning "";
    /// The same key with other facts, or an immutable fact changed.
    RowConflict "ROW_CONFLICT" Error "";
    /// The order has as many events as it may.
    EventsLimit "EVENTS_LIMIT" Error "";
    /// The carrier's code is in no table; kept as `in_transit`.
    EventCodeUnmapped "EVENT_CODE_UNMAPPED" Warning "";
    /// It happened more than 14 h after it was recorded.
    EventInFuture "EVENT_IN_FUTURE" Error "";
    /// The check digit of a unified social credit code is wrong.
    CreditCodeCheckDigit "CREDIT_CODE_CHECK_DIGIT" Warning "C5";
    /// The order was settled for good long ago and has left the books.
    OrderArchived "ORDER_ARCHIVED" Error "";
    /// Dated more than 7 days before the order's payment: of an earlier use of the number.
    EventBeforeOrder "EVENT_BEFORE_ORDER" Warning "B3";
    /// The order or the number has as many claims as it may.
    NumbersLimit "NUMBERS_LIMIT" Error "";
    /// No agreement that the operator stated covers a row of an own partner (C6).
    AgreementMissing "AGREEMENT_MISSING" Warning "A3";
    /// Stated more than 14 h after it was recorded, or recorded later than now.
    TimeInFuture "TIME_IN_FUTURE" Error "";
    /// The order has as many appeals as it may, or the appeal as many states.
    AppealsLimit "APPEALS_LIMIT" Error "";
    /// The order has as many statuses as it may.
    StatusesLimit "STATUSES_LIMIT" Error "";
    /// The tax id is masked, as an answer gives it back, and the order has shown none before.
    TaxIdMasked "TAX_ID_MASKED" Error "A4";
}

macro_rules! file_codes {
    ($($(#[$doc:meta])* $variant:ident $text:literal;)*) => {
        /// Why a whole file was refused: nothing of it was applied.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum FileCode {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl FileCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code in answer files.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

file_codes! {
    /// No rows.
    FileEmpty "FILE_EMPTY";
    /// A kind of file that is not read.
    FileType "FILE_TYPE";
    /// More bytes than a file may have.
    FileTooLarge "FILE_TOO_LARGE";
    /// Cut off or broken.
    FileDamaged "FILE_DAMAGED";
    /// Inflates beyond the limit.
    InflateLimit "INFLATE_LIMIT";
    /// More rows than a file may have.
    RowLimit "ROW_LIMIT";
    /// More columns than a file may have.
    ColumnLimit "COLUMN_LIMIT";
    /// A cell longer than cells may be.
    CellLimit "CELL_LIMIT";
    /// More cells than a sheet may have.
    CellCountLimit "CELL_COUNT_LIMIT";
    /// More entries than a workbook's zip may have.
    ZipEntryLimit "ZIP_ENTRY_LIMIT";
    /// More texts than a workbook may have.
    SharedStringLimit "SHARED_STRING_LIMIT";
    /// The encoding cannot be told.
    EncodingUnsure "ENCODING_UNSURE";
    /// A required column is missing.
    HeaderMissing "HEADER_MISSING";
    /// Two columns of one name.
    HeaderDuplicate "HEADER_DUPLICATE";
    /// Two columns that could both be meant.
    HeaderAmbiguous "HEADER_AMBIGUOUS";
    /// A kind of file that a seller may not send.
    KindNotAllowed "KIND_NOT_ALLOWED";
    /// The content fits no kind of file, or several.
    KindUnclear "KIND_UNCLEAR";
    /// The service has no room to keep the file while it is checked.
    DiskFull "DISK_FULL";
    /// The file's times would lie in the future in the zone that is assumed, and in Beijing's not.
    ZoneDoubtful "ZONE_DOUBTFUL";
    /// The file could not be processed to its end, for a reason that is ours and that no retry removes.
    FileFailed "FILE_FAILED";
}

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident;)*) => {
        /// Why a cell is refused, where its code has several reasons: each has a sentence and a remedy of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Cause {
            $($(#[$doc])* $variant,)*
        }

        impl Cause {
            /// Every cause.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

causes! {
    /// The cell says that there is nothing (`无`, `N/A`), and must say something.
    Placeholder;
    /// A day without a time of day.
    DateOnly;
    /// The year does not come first.
    YearLast;
    /// The hour that a clock change skips.
    Skipped;
    /// Before the platform existed.
    TooEarly;
    /// Recorded later than now.
    AheadOfClock;
    /// A decision before its appeal was filed.
    DecidedFirst;
    /// An amount below zero.
    Negative;
    /// A currency next to the amount that is not its row's.
    OtherCurrency;
    /// More decimals than the currency has.
    Places;
    /// More than is kept.
    TooGreat;
    /// Two amounts that may be meant.
    TwoReadings;
    /// Decimals that the currency has not, or a thousands separator.
    Thousands;
    /// Separators that part the digits in no usual way.
    Grouping;
    /// No exchange rate.
    Rate;
    /// The zero at a tax id's start was dropped by a spreadsheet.
    ZeroLost;
}

/// What a note on an answer is about, where no code of a row says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteCode {
    /// Times without a zone were read in an assumed one.
    ZoneAssumed,
    /// A file of the answer does not hold all rows: it would be too large.
    AnswerLimit,
}

impl NoteCode {
    /// The code in answer files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ZoneAssumed => "ZONE_ASSUMED",
            Self::AnswerLimit => "ANSWER_LIMIT",
        }
    }
}

impl fmt::Display for RowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for FileCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing found in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was found.
    pub code: RowCode,
    /// The column it was found in, by its canonical name; empty when it is about the row.
    pub column: CompactString,
    /// The cell as it came, masked where it is personal, never longer than a line.
    pub value: Quoted,
    /// What the message adds to its text: candidates, the repaired value, a limit. Empty where nothing is to add.
    pub detail: String,
    /// What the cell should hold instead, where that is certain enough to be proposed; empty where nothing is.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub proposal: CompactString,
    /// Which of its code's reasons it is, where the code has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl Finding {
    /// A finding about a cell.
    pub fn new(code: RowCode, column: &str, value: &str) -> Self {
        Self {
            code,
            column: column.into(),
            value: Quoted::of(column, value),
            detail: String::new(),
            proposal: CompactString::default(),
            cause: None,
        }
    }

    /// This finding with its reason.
    #[must_use]
    pub fn with_cause(self, cause: Cause) -> Self {
        Self {
            cause: Some(cause),
            ..self
        }
    }

    /// This finding with what the cell should hold instead.
    #[must_use]
    pub fn with_proposal(self, proposal: &str) -> Self {
        Self {
            proposal: proposal.into(),
            ..self
        }
    }

    /// This finding with `detail` for its message.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }

    /// Whether the finding refuses its row.
    pub fn is_error(&self) -> bool {
        self.code.severity() == Severity::Error
    }

    /// Withholds what a row out of place would say of persons. Where a cell holds a tax id, a telephone number or a mail
    /// address and its column does not, the cells have moved, and any of them may be a name.
    pub fn withhold(findings: &mut [Self]) {
        let is_out_of_place = |finding: &Self| finding.value.is_out_of_place(&finding.column);
        if !findings.iter().any(is_out_of_place) {
            return;
        }
        for finding in findings {
            finding.value.withhold(&finding.column);
            if is_out_of_place(finding) {
                finding.detail.clear();
                finding.proposal = CompactString::default();
            }
        }
    }
}
