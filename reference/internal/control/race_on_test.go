//go:build race

package control_test

// SQLite, translated to Go, is some fifty times slower under the race detector.
const race = true
