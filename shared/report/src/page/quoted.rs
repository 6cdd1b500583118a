//! The platform's figures to show beside ours, as quoted (rulebook E). They decide nothing.

/// On-time rate of offline express, in basis points.
pub(super) const ON_TIME_BP: i64 = 9_270;
/// The industry's average on-time rate (行业平均), in basis points.
pub(super) const ON_TIME_INDUSTRY_BP: i64 = 8_610;
/// Admitted sellers.
pub(super) const SELLERS: &str = "12,800";
/// Countries of the admitted sellers.
pub(super) const COUNTRIES: &str = "32";
/// Of all disputes, those from missing nodes.
pub(super) const DISPUTES_FROM_NODES: &str = "68.3";
/// The top markets and their shares, in basis points.
pub(super) const MARKETS_BP: [(&str, i64); 3] = [("RU", 2_360), ("ES", 1_810), ("FR", 1_470)];
