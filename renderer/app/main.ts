import './style/base.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { createLab, overPort, overWebSocket, provideLab } from '../api/lab.ts'
import { useSession } from '../features/sessions/store.ts'
import App from './App.vue'
import { useConnection } from './connection.ts'
import { useTheme } from './theme.ts'

const token = new URLSearchParams(location.search).get('token') ?? ''
const client = createLab(
  window.switchyard ? overPort(window.switchyard) : overWebSocket(location.host, token),
)
provideLab(client)

const app = createApp(App).use(createPinia())
useTheme().follow()
useConnection().follow(client, () => void useSession().load())
app.mount('#app')
