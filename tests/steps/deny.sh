#!/usr/bin/env bash
# Licences, bans and sources of all dependencies, by .cargo/deny.toml; advisories where their database is to be had.
source "$(dirname "$0")/lib.sh"

need_crate cargo-deny 0.20.2 || finish
step fetch cargo fetch --locked || finish
step check "$tool" --offline check bans licenses sources || true
if timeout 60 "$tool" fetch db >"$logs/deny-database.log" 2>&1; then
  step advisories "$tool" --offline check advisories || true
else
  note "the database of advisories cannot be fetched: advisories are not checked"
fi
finish
