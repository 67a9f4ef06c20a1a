//! The applications above IBC, by port.

use ibc::apps::transfer::types as ics20;
use ibc::core::host::types::identifiers::PortId;
use ibc::core::router::module::Module;
use ibc::core::router::router::Router;
use ibc::core::router::types::module::ModuleId;

use crate::chain_info::ChainInfo;
use crate::gas::Gas;
use crate::mock::{self, Mock};
use crate::state::Modules;
use crate::store::Multistore;
use crate::transfer::Transfer;

/// The applications during one message.
pub(crate) struct Apps {
    pub transfer: Transfer,
    mock: Mock,
}

impl Apps {
    pub fn open(state: &Multistore, info: &ChainInfo, gas: &Gas, is_in_block: bool) -> Self {
        Self {
            transfer: Transfer {
                modules: Modules::open(state, gas),
                prefix: info.prefix.clone(),
            },
            mock: Mock {
                gas: gas.clone(),
                is_in_block,
                has_panicked: false,
            },
        }
    }

    /// Whether an application has panicked.
    pub fn has_panicked(&self) -> bool {
        self.mock.has_panicked
    }

    /// Writes the changes back.
    pub fn commit(self, state: &mut Multistore) {
        self.transfer.modules.commit(state);
    }
}

/// The default version of a channel on this port.
pub(crate) fn default_version(port: &PortId) -> &'static str {
    match port.as_str() {
        mock::PORT => mock::VERSION,
        _ => ics20::VERSION,
    }
}

impl Router for Apps {
    fn get_route(&self, module: &ModuleId) -> Option<&dyn Module> {
        match module.to_string().as_str() {
            ics20::MODULE_ID_STR => Some(&self.transfer),
            mock::PORT => Some(&self.mock),
            _ => None,
        }
    }

    fn get_route_mut(&mut self, module: &ModuleId) -> Option<&mut dyn Module> {
        match module.to_string().as_str() {
            ics20::MODULE_ID_STR => Some(&mut self.transfer),
            mock::PORT => Some(&mut self.mock),
            _ => None,
        }
    }

    fn lookup_module(&self, port: &PortId) -> Option<ModuleId> {
        let name = match port.as_str() {
            ics20::PORT_ID_STR => ics20::MODULE_ID_STR,
            mock::PORT => mock::PORT,
            _ => return None,
        };
        Some(ModuleId::new(name.to_owned()))
    }
}
