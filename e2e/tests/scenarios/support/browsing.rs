//! How the page of a running relayer is looked at: wide and narrow, light and dark.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tern_e2e::{Browser, Look};

pub const LOOKS: [Look; 4] = [
    Look {
        width: 1280,
        is_dark: false,
    },
    Look {
        width: 1280,
        is_dark: true,
    },
    Look {
        width: 390,
        is_dark: false,
    },
    Look {
        width: 390,
        is_dark: true,
    },
];

pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where the pictures go, for whoever looks at them.
pub fn pictures() -> Result<PathBuf> {
    let folder = workspace().join("target/page");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Pictures of what is open now, in all looks. It is not wider than its window in any.
pub fn picture(browser: &Browser, folder: &Path, name: &str) -> Result<()> {
    for look in LOOKS {
        browser.look(look)?;
        browser
            .fits()
            .with_context(|| format!("{name} with {look:?}"))?;
        let scheme = if look.is_dark { "dark" } else { "light" };
        let file = folder.join(format!("{name}-{}-{scheme}.png", look.width));
        browser.picture(look, None, &file)?;
    }
    browser.look(LOOKS[0])
}
