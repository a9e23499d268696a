// Package config owns the settings of a production server: what they are called, where they come from (a YAML file,
// the environment, flags), what they may be, and their reference in docs/config.md. Only cmd imports it; every other
// package takes its own Options.
package config
