/**
 * What each setting is for, in Chinese; in English the relay says it itself. Loaded with the page
 * alone. A test holds the keys to `config.default.toml`.
 */
export const meanings: Readonly<Record<string, string>> = {
  listen: "控制台与两个 API 的监听地址和端口。端口 0 表示任选一个空闲端口。",
  public_url:
    "浏览器和客户端访问中继所用的地址，例如 `https://relay.example.com`。位于 TLS 代理之后时必须设置：Cookie 才会绑定 HTTPS，链接才正确。留空表示监听地址。",
  insecure_http:
    "允许从其他机器通过明文 HTTP 登录。密码和 Cookie 将不加密地经过网络；控制台会显示警告。",
  sign_up:
    "谁可以注册：`closed` 不开放，由运维人员添加；`invitation` 仅限受邀者；`open` 对所有人开放。注册者成为标准等级的用户，余额为零。中继不发送邮件时，`open` 不验证邮箱，且会透露哪些邮箱已注册。",
  trusted_proxies:
    "其 X-Forwarded-For 可信的代理，写作地址或网段。来自其他来源的该请求头会被忽略。",
  cors: "允许任意来源的网页用 API 令牌调用中继的路径（`/v1`、`/v1beta`），例如浏览器中的聊天应用。控制 API 从不允许。",
  workers: "负责转发的线程数，各有自己的连接。0 表示每个处理器核心一个。",
  database:
    "`postgres://user:password@host/database`，可由多个中继共用；留空表示数据目录中的 SQLite。最好用 `ANC_DATABASE` 设置，而不是写在他人可读的文件里。",
  master_key_file:
    "用来加密数据库中提供方密钥的主密钥，是一个 32 字节的文件；共用数据库的中继共用同一个。留空表示数据目录中的 `master.key`，首次启动时生成。",
  durability:
    "扣费何时算安全。`process`：进程被杀（kill -9）也不丢失，50 毫秒内写入磁盘。`power`：等待磁盘写入。入账总是等待磁盘。PostgreSQL 按服务器设置（`synchronous_commit`）等待磁盘；`power` 强制等待。",
  input_hold:
    "请求的预留覆盖多少输入。`cautious`：谨慎的估算，个别文本可能略微超出，超出部分照常扣费，余额可能略低于零。`strict`：任何文本都不会超出的上限，预留因此大数倍，余额少的客户端会更早被拒绝。",
  metrics_listen:
    "在何处提供 Prometheus 指标（`/metrics`）：地址和端口，例如 `127.0.0.1:9464`，只应让运维人员访问。留空表示不提供。",
  log_level:
    "向标准错误输出的日志级别：error、warn、info、debug、trace，或过滤器，例如 `info,anc_gateway=debug`。从不记录正文和密钥。",
  log_format: "`text` 供人阅读，`json` 供日志收集器使用。",
  "limits.request_body_bytes": "单个请求正文的字节数。图片以 base64 随正文传输，因此上限不小。",
  "limits.request_bodies_bytes": "内存中所有大正文的总字节数。不超过 64 KiB 的请求不受此限。",
  "limits.request_body_idle_seconds": "等待正文时，客户端可以多久不发送任何内容。",
  "limits.request_body_bytes_per_second":
    "正文最慢的到达速度（字节/秒）：用完上面的时间后，更慢的客户端会被断开。",
  "limits.request_head_seconds": "请求头从第一个字节到最后一个字节最多用时。",
  "limits.connection_idle_seconds": "连接在首个请求之前以及两个请求之间可以空闲多久。",
  "limits.connections": "同时存在的连接总数。",
  "limits.connections_per_address":
    "同一地址（IPv6 按 /64）同时存在的连接数。可信代理不受此限，因为许多客户端经由它们而来。",
  "limits.write_stall_seconds": "客户端多久不读取回答就会被断开。",
  "limits.answer_bytes": "提供方整段回答的字节数。",
  "limits.refusal_bytes": "转交给客户端的提供方拒绝信息的字节数。",
  "limits.attempts": "一个请求最多尝试的渠道数。",
  "limits.running_requests": "同时进行的请求数。",
  "limits.output_units_default": "请求和模型都没有给出输出上限时，预留的输出单位数（LLM token）。",
  "limits.output_step_units": "流式回答开始或继续时，必须能预先支付的输出单位数。",
  "limits.tool_calls_held":
    "请求提供由提供方自己运行并计费的工具（联网搜索、文件搜索）时，为每种工具预留的调用次数；0 表示不预留。超出的调用照常扣费。",
  "limits.first_content_grace_seconds": "流式回答的响应头等待首个内容多久，以便其他渠道仍可接手。",
  "limits.connect_seconds": "连接提供方最多用时。",
  "limits.answer_head_seconds": "提供方开始回答前最多用时。",
  "limits.first_content_seconds": "提供方的流在首个内容之前可以静默多久。",
  "limits.idle_seconds": "提供方的流之后可以静默多久。",
  "limits.keepalive_seconds": "静默多久后向客户端发送存活信号；每两秒检查一次。",
  "limits.total_seconds": "一个回答总共最多用时。",
  "limits.directory_entries": "保留在内存中的 API 令牌数。",
  "limits.directory_unknown_entries": "记住的未知凭据数。",
  "limits.feed_stale_seconds": "变更日志多久读不到，就开始拒绝请求。",
  "limits.drain_seconds": "收到停止信号后，进行中的请求还可以继续多久。",
  "limits.price_list_bytes":
    "运维人员导入的价格表，以字节计。整份读取，同一时间由一位运维人员导入。",
  "retention.usage_days":
    "每个请求的记录保留多少天，至少 31 天。之后其扣费并入合计；余额、额度和按小时的合计保持精确。`0` 表示永久。",
  "retention.sign_in_days":
    "登录成功与失败的记录保留多少天；各最多保留最新的五十条。`0` 表示永久。",
  "retention.audit_days": "谁改了什么的记录保留多少天。`0` 表示永久。",
  "mail.smtp_host": "服务器名称，其证书必须与之相符。",
  "mail.smtp_port": "端口：`starttls` 通常为 587，`tls` 通常为 465。",
  "mail.security":
    "`starttls`：连接以明文开始，随后加密，否则放弃。`tls`：从第一个字节起加密。`none`：不加密，仅限本机上的服务器。",
  "mail.username": "登录邮件服务器的用户名；留空表示无需登录。",
  "mail.password": "密码。最好用 `ANC_MAIL__PASSWORD` 或文件设置，而不是写在他人可读的文件里。",
  "mail.password_file": "改为从文件读取密码。",
  "mail.from": "发件人：`relay@example.com` 或 `ANC Relay <relay@example.com>`。",
  "mail.language": "邮件所用的语言：`en` 或 `zh-CN`。",
  "alerts.low_balance": "余额低于多少美元算低，除非账户自己另有设置。",
  "alerts.unusual_min": "一小时至少花费多少美元才可能算异常。",
  "alerts.attempts": "通过邮件或 Webhook 发送一条提醒最多尝试几次。",
  "alerts.retry_seconds": "多少秒后重试；每次之后加倍，最长六小时。",
  "alerts.private_webhooks":
    "允许 Webhook 发往私有地址和明文 http。这样，任何有账户的人都能让中继向只有内网可达的地方发送请求。",
  "payments.stripe.secret_key":
    "密钥或受限密钥，`sk_…` 或 `rk_…`。最好用 `ANC_PAYMENTS__STRIPE__SECRET_KEY` 或文件设置，而不是写在他人可读的文件里。",
  "payments.stripe.secret_key_file": "改为从文件读取密钥。",
  "payments.stripe.webhook_secret":
    "Stripe 用来签名通知的密钥，`whsec_…`；更换期间可写两个，以逗号分隔。设了密钥而没有它，中继不会启动：否则任何人都能给自己入账。",
  "payments.stripe.webhook_secret_file": "改为从文件读取。",
  "payments.stripe.mode": "`test` 或 `live`：必须与密钥一致，以免混淆。",
  "payments.stripe.currency": "支付所用的货币。余额以美元计，因此只有一种。",
  "payments.stripe.amount_min": "一次支付的最低金额（美元）。",
  "payments.stripe.amount_max": "一次支付的最高金额（美元）。",
  "payments.stripe.api_url": "Stripe 的地址。明文 http 仅用于本机测试。",
  "redemption_codes.batch_codes_max": "一批最多多少个兑换码；不超过 10000。",
  "redemption_codes.amount_max": "兑换码一次使用最多值多少美元。",
  "redemption_codes.uses_max": "一个兑换码最多可兑换几次。",
  "redemption_codes.wrong_codes_free":
    "一个账户或地址可以输错几次而无需等待；之后每错一次，等待时间加倍。",
  "redemption_codes.wrong_codes_wait_max_seconds": "最长的等待时间；这么久没有再输错，就重新计数。",
  "sign_in.visit_minutes": "在登录服务上最多可停留多少分钟，至多 60。",
  "sign_in.visits_max": "同时停留在登录服务上的人数上限，所有人合计。",
  "sign_in.answer_seconds": "登录服务应在多少秒内答复中继。",
  "sign_in.answer_bytes": "登录服务一次答复的字节数上限。",
  "sign_in.known_minutes": "登录服务的自述及其密钥记住多少分钟。遇到未知的密钥会立即重新询问。",
  "sign_in.github.client_id": "GitHub 用来识别此中继的标识。留空则不提供。",
  "sign_in.github.client_secret":
    "向 GitHub 出示的密钥。与其写在他人可读的文件中，不如设为 `ANC_SIGN_IN__GITHUB__CLIENT_SECRET` 或放入单独的文件。",
  "sign_in.github.client_secret_file": "存放该密钥的文件，用来代替上一项。",
  "sign_in.github.domains": "允许登录的已验证邮箱域名；留空则不限。",
  "sign_in.github.web_url": "在哪里登录；GitHub Enterprise 使用另外的地址。",
  "sign_in.github.api_url": "向哪里查询 GitHub。",
  "sign_in.github.allow_private": "允许上述地址为内网地址，并可使用普通 http。",
};
