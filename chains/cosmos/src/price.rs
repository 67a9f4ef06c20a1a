//! The price of gas on a chain: as configured, or what its fee market asks for, or for a while
//! the higher one that its nodes have asked for, up to a limit.
//!
//! A refusal costs nothing, so the price is learned from refusals alone, and tried as
//! configured again after a while. Nodes that lie can raise it up to the limit.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tern_cosmos_core::asked_price;
use tokio::time::Instant;

use crate::gas::{Decimal, GasPrice};

/// How long a higher price holds. Default ten minutes: a price that has fallen again is not
/// paid for long, and a refusal in ten minutes delays little.
const HOLDS: Duration = Duration::from_secs(600);
/// The price of a fee market changes with each block at most. It is read again after this time.
/// Default two seconds: few chains make blocks faster.
const MARKET_EVERY: Duration = Duration::from_secs(2);
/// Added where a price is asked for that has moved within that time, as it may go on, and
/// where the nodes do not say what they want.
const MOVING_PERCENT: u64 = 25;

pub struct Price {
    configured: GasPrice,
    most: Decimal,
    raised: Mutex<Option<Raised>>,
    market: Mutex<Market>,
}

/// What is known of the fee market.
#[derive(Clone, Copy, Default)]
struct Market {
    /// When it was asked last.
    read: Option<Instant>,
    /// What it asked for then, multiplied.
    asks: Decimal,
}

#[derive(Clone, Copy)]
struct Raised {
    amount: Decimal,
    until: Instant,
}

impl Price {
    pub fn new(configured: GasPrice, most: Decimal) -> Self {
        Self {
            configured,
            most,
            raised: Mutex::default(),
            market: Mutex::default(),
        }
    }

    /// What the next transaction pays for a unit of gas.
    pub fn now(&self) -> GasPrice {
        let mut price = self.configured.clone();
        price.amount = price.amount.max(self.market().asks.min(self.most));
        if let Some(raised) = self.holding() {
            price.amount = price.amount.max(raised.amount);
        }
        price
    }

    /// Whether it is time to ask the fee market: of several who want to know, one asks.
    pub fn begins_to_read(&self) -> bool {
        let (mut market, now) = (self.market(), Instant::now());
        let is_due = market.read.is_none_or(|read| now >= read + MARKET_EVERY);
        if is_due {
            market.read = Some(now);
        }
        is_due
    }

    /// What the fee market asks for. A price that is too large to count is the limit.
    pub fn market_asks(&self, price: Decimal, multiplier: Decimal) {
        self.market().asks = price.times(multiplier).unwrap_or(self.most);
    }

    /// All nodes refused a transaction of this gas limit because of its fee. Whether the next
    /// one offers more.
    pub fn refused(&self, gas: u64, fee: u128, log: &str) -> bool {
        let price = self.now();
        // One that was signed before the price was raised says nothing new.
        if price.cost(gas).is_some_and(|cost| cost > fee) {
            return true;
        }
        let asked = asked_price(log, &price.denom, gas).filter(|asked| *asked > price.amount);
        let wanted = match (asked, self.holding()) {
            (Some(asked), None) => Some(asked),
            (asked, _) => asked.unwrap_or(price.amount).plus_percent(MOVING_PERCENT),
        };
        // What is added does not go past the limit; what is asked for may.
        let wanted = wanted.map(|wanted| wanted.min(self.most.max(asked.unwrap_or_default())));
        let Some(amount) = wanted.filter(|wanted| *wanted > price.amount && *wanted <= self.most)
        else {
            return false;
        };
        *self.raised() = Some(Raised {
            amount,
            until: Instant::now() + HOLDS,
        });
        true
    }

    fn holding(&self) -> Option<Raised> {
        let raised = *self.raised();
        raised.filter(|raised| Instant::now() < raised.until)
    }

    fn market(&self) -> MutexGuard<'_, Market> {
        self.market.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raised(&self) -> MutexGuard<'_, Option<Raised>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAS: u64 = 100_000;

    fn price(most: &str) -> Price {
        Price::new("0.025uakt".parse().unwrap(), most.parse().unwrap())
    }

    /// Refused, with what a transaction at the price of now pays.
    fn refused(price: &Price, log: &str) -> bool {
        price.refused(GAS, price.now().cost(GAS).unwrap(), log)
    }

    fn asks(required: u32) -> String {
        format!("insufficient fees; got: 2500uakt required: {required}uakt: insufficient fee")
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_nodes_ask_for_is_paid_for_a_while() {
        let price = price("1");
        assert!(refused(&price, &asks(4_000)));
        assert_eq!(price.now().cost(GAS), Some(4_000));
        // Others were signed before.
        assert!(price.refused(GAS, 2_500, &asks(4_000)));
        assert_eq!(price.now().cost(GAS), Some(4_000));
        // It moves: the next one is met, too.
        assert!(refused(&price, &asks(8_000)));
        assert_eq!(price.now().cost(GAS), Some(10_000));
        tokio::time::advance(HOLDS).await;
        assert_eq!(price.now().to_string(), "0.025uakt");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_paid_than_the_limit() {
        let price = price("0.05");
        assert!(!refused(&price, &asks(5_001)));
        assert_eq!(price.now().cost(GAS), Some(2_500));
        assert!(refused(&price, &asks(4_500)));
        // With what is added it would be more.
        assert!(refused(&price, &asks(4_900)));
        assert_eq!(price.now().cost(GAS), Some(5_000));
        assert!(!refused(&price, &asks(5_001)));
        assert_eq!(price.now().cost(GAS), Some(5_000));
    }

    #[tokio::test(start_paused = true)]
    async fn where_the_nodes_do_not_say_what_they_want_it_is_found_in_steps() {
        let price = price("0.04");
        assert!(refused(&price, "too little"));
        assert_eq!(price.now().cost(GAS), Some(3_125));
        assert!(refused(&price, "still too little"));
        assert!(refused(&price, "still too little"));
        assert_eq!(price.now().cost(GAS), Some(4_000));
        assert!(!refused(&price, "still too little"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fee_market_sets_the_price_between_the_configured_one_and_the_limit() {
        let price = price("0.05");
        let decimal = |text: &str| -> Decimal { text.parse().unwrap() };
        for (asks, pays) in [
            ("0.03", 3_300),
            ("0.01", 2_500),
            ("0.04", 4_400),
            ("0.06", 5_000),
            ("340282366920938463463374607431768211455", 5_000),
        ] {
            price.market_asks(decimal(asks), decimal("1.1"));
            assert_eq!(price.now().cost(GAS), Some(pays), "{asks}");
        }
        price.market_asks(decimal("0.03"), decimal("1.1"));
        // The node knows better.
        assert!(refused(&price, &asks(4_000)));
        assert_eq!(price.now().cost(GAS), Some(4_000));
        // Or it is the market that does.
        price.market_asks(decimal("0.04"), decimal("1.1"));
        assert_eq!(price.now().cost(GAS), Some(4_400));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fee_market_is_asked_once_in_a_while() {
        let price = price("0.05");
        assert!(price.begins_to_read() && !price.begins_to_read());
        tokio::time::advance(MARKET_EVERY).await;
        assert!(price.begins_to_read() && !price.begins_to_read());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_above_it_the_price_stays() {
        let price = price("0.025");
        assert!(!refused(&price, &asks(4_000)));
        assert_eq!(price.now().to_string(), "0.025uakt");
    }
}
