//! Which kinds of chains a world has.

/// Two kinds of chains between which the relayer runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Pairing {
    /// Two development chains, which are Cosmos chains.
    Cosmos,
    /// A development chain and an attested chain (`tern-attested`).
    Attested,
}

impl Pairing {
    pub const ALL: [Self; 2] = [Self::Cosmos, Self::Attested];

    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosmos => "cosmos",
            Self::Attested => "attested",
        }
    }
}
