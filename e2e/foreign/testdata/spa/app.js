// An app in the browser on oidc-client-ts. What a person would click on, the test calls: the functions of app.
const { authority, client_id } = await (await fetch('/registered')).json()

const manager = new oidc.UserManager({
  authority,
  client_id,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/bye`,
  scope: 'openid profile email',
  loadUserInfo: true,
  // The default is to renew 60 seconds before the end, which for a token of 60 seconds is always.
  accessTokenExpiringNotificationTimeInSeconds: 10,
})

function say(text) {
  document.getElementById('said').textContent = text
}

// attempt returns what came of it, in words that a test can read.
async function attempt(what) {
  try {
    return { user: await what() }
  } catch (error) {
    return { error: error.error ?? error.message }
  }
}

window.app = {
  signIn: () => manager.signinRedirect({ state: { page: 'the atlas' } }),
  signOut: () => manager.signoutRedirect({ state: { page: 'the door' } }),
  user: () => attempt(() => manager.getUser()),
  renew: () => attempt(() => manager.signinSilent()),
  takeBack: () => attempt(() => manager.revokeTokens(['refresh_token'])),
}

const path = location.pathname
if (path === '/callback') {
  const user = await manager.signinRedirectCallback()
  history.replaceState(null, '', '/')
  say(`Signed in as ${user.profile.email}, back at ${user.state.page}`)
} else if (path === '/bye') {
  const answer = await manager.signoutRedirectCallback()
  say(`Signed out, back at ${answer.userState.page}`)
} else {
  say('Ready')
}
