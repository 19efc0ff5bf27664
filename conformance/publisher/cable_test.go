package publisher

import (
	"net"
	"testing"
)

// TestPortsOfTheVanished checks that no other client gets the port of one that vanished, and that reads end all the same.
func TestPortsOfTheVanished(t *testing.T) {
	for _, vanished := range []bool{false, true} {
		c, err := newCable("http://127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		read := make(chan error, 1)
		go func() {
			_, _, err := c.ReadFrom(make([]byte, 1))
			read <- err
		}()
		if vanished {
			c.cut()
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-read; err == nil {
			t.Error("a read of a closed cable returned no error")
		}
		other, err := net.ListenUDP("udp", c.LocalAddr().(*net.UDPAddr))
		if free := err == nil; free == vanished {
			t.Errorf("vanished %t: the port is free: %t", vanished, free)
		}
		if err == nil {
			_ = other.Close()
		}
	}
}
