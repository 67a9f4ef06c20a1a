//! Texts of `config.toml`. An error is at a place of the text; what is accepted keeps its
//! rules, and a comment changes nothing.

use std::collections::BTreeSet;

use tern_config::Config;

#[test]
fn config() {
    tern_fuzz::run("config", |input| {
        let Ok(text) = std::str::from_utf8(input) else {
            return;
        };
        match Config::parse(text) {
            Ok(config) => check(text, &config),
            Err(fault) => {
                if let Some(place) = fault.place {
                    assert!(place.line >= 1 && place.column >= 1);
                    assert!(place.line <= text.matches('\n').count() + 1, "{place:?}");
                }
            }
        }
    });
}

fn check(text: &str, config: &Config) {
    assert!(!config.chains.is_empty());
    let ids: BTreeSet<&str> = config
        .chains
        .iter()
        .map(|chain| chain.id.as_str())
        .collect();
    assert_eq!(ids.len(), config.chains.len(), "two chains with one id");
    for chain in &config.chains {
        let keys: Vec<&str> = chain.keys().collect();
        for name in keys.iter().chain([&chain.id.as_str()]) {
            assert!(!name.is_empty() && !name.contains('/') && !name.starts_with('.'));
        }
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
        for url in [&chain.rpc, &chain.grpc] {
            assert!(matches!(url.scheme(), "http" | "https"));
        }
        assert!(chain.max_msgs_per_tx > 0 && chain.tx_timeout_blocks > 0);
        assert!(chain.max_concurrent_requests > 0 && chain.memo.len() <= 256);
        // What the program makes of it must not fail after the check.
        let price: Result<tern_cosmos_core::GasPrice, _> = chain.gas_price.parse();
        let multiplier: Result<tern_cosmos_core::Decimal, _> = chain.gas_multiplier.parse();
        assert!(price.is_ok(), "gas_price `{}`", chain.gas_price);
        assert!(
            multiplier.is_ok(),
            "gas_multiplier `{}`",
            chain.gas_multiplier
        );
    }
    assert!(config.policy.items_in_flight > 0 && config.policy.packets_in_memory > 0);
    assert!((1..100).contains(&config.policy.refresh_after_percent));
    let commented = format!("# tern\n{text}\n# tern\n");
    assert_eq!(Config::parse(&commented).as_ref(), Ok(config));
}
