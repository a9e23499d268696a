package push

// Deafen makes a hub hear no bell, as if every notification were lost.
func Deafen(h *Hub) { h.deaf = true }

// Buffered is how many ends a listener may be behind.
const Buffered = buffered
