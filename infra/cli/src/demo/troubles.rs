//! What can befall an order of the demo.

/// One order's fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// None: uploaded, picked up and delivered in time.
    None,
    /// Uploaded at 24:00:00 and picked up at 48:00:00: still in time.
    LastSecond,
    /// Uploaded at 24:00:01.
    UploadLate,
    /// Picked up at 48:00:01.
    PickupLate,
    /// A number two digits short, mended the next day.
    NumberShort,
    /// A space in the number, mended within the hour.
    NumberSpaced,
    /// `1.23457E+15`, mended the next day.
    NumberScientific,
    /// No number at all, mended within the hour.
    NumberEmpty,
    /// The number of the order before, corrected the next day.
    NumberReused,
    /// A carrier nobody knows.
    CarrierUnknown,
    /// The platform's own shipping.
    CarrierOutOfScope,
    /// To an embargoed country.
    Sanctioned,
    /// To Russia without an invoice.
    InvoiceMissing,
    /// To Russia with a wrong tax id.
    TaxIdInvalid,
    /// Never uploaded, cancelled on the third day.
    CancelledUnshipped,
    /// Tracking uploaded the day before its order is known.
    TrackingFirst,
    /// Silent for 60 h.
    Silent,
    /// Silent twice.
    SilentTwice,
    /// Silent for 48:00:00 exactly: no fine.
    SilentToTheSecond,
    /// Silent for 48:00:01.
    SilentOneSecondMore,
    /// Silent for 70 h, until a scan of the middle is reported two days late: the fine is reversed.
    BackFilled,
    /// Silent, and an appeal is accepted.
    SilentForgiven,
    /// Never signed.
    Unsigned,
    /// Signed on day 31.
    SignedOnDay31,
    /// Never signed; an appeal filed in time holds the fine and is accepted.
    AppealAccepted,
    /// Never signed; an appeal filed in time holds the fine and is rejected.
    AppealRejected,
    /// Lost by the carrier.
    Lost,
    /// Refunded in full before the deadline, never signed: exempt.
    Refunded,
    /// In two parcels.
    TwoParcels,
}

impl Trouble {
    /// What makes an order fail its fulfilment and nothing else.
    pub(super) const LATE: [Self; 2] = [Self::UploadLate, Self::PickupLate];

    /// The destination that the trouble needs.
    pub(super) fn destination(self) -> Option<&'static str> {
        match self {
            Self::Sanctioned => Some("KP"),
            Self::InvoiceMissing | Self::TaxIdInvalid => Some("RU"),
            // A trouble of its own; no papers to go wrong beside it.
            Self::NumberShort | Self::NumberSpaced | Self::NumberEmpty | Self::NumberReused => Some("ES"),
            _ => None,
        }
    }
}

/// What befalls a careful seller's orders now and then; none of it touches fulfilment.
pub(super) const EVERYDAY: [Trouble; 11] = [
    Trouble::LastSecond,
    Trouble::Silent,
    Trouble::SilentToTheSecond,
    Trouble::SilentOneSecondMore,
    Trouble::BackFilled,
    Trouble::Silent,
    Trouble::SignedOnDay31,
    Trouble::TwoParcels,
    Trouble::AppealAccepted,
    Trouble::AppealRejected,
    Trouble::SilentForgiven,
];

/// What befalls a careless seller's orders, in turn. A reused number follows an order that has its own.
pub(super) const SLOPPY: [Trouble; 26] = [
    Trouble::NumberShort,
    Trouble::None,
    Trouble::NumberSpaced,
    Trouble::Silent,
    Trouble::InvoiceMissing,
    Trouble::UploadLate,
    Trouble::NumberScientific,
    Trouble::SilentTwice,
    Trouble::CarrierUnknown,
    Trouble::None,
    Trouble::NumberReused,
    Trouble::Unsigned,
    Trouble::CarrierOutOfScope,
    Trouble::TaxIdInvalid,
    Trouble::PickupLate,
    Trouble::Sanctioned,
    Trouble::BackFilled,
    Trouble::NumberEmpty,
    Trouble::Lost,
    Trouble::CancelledUnshipped,
    Trouble::TrackingFirst,
    Trouble::Refunded,
    Trouble::AppealAccepted,
    Trouble::TwoParcels,
    Trouble::SilentOneSecondMore,
    Trouble::SignedOnDay31,
];
