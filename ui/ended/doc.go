// Package ended is what pages of ours do for a browser that shows the cookie of a session that is over: they say why it
// ended, and carry the frames that tell the apps by the front channel.
package ended
