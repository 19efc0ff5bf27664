//go:build !race

package control_test

const race = false
