#include "binding.h"

/* open(relay, listener, clientAddress, clientPort, relaySocket, bytesPerSecond, burstBytes): flow, -1 when there is no room */
static napi_value open_flow(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t listener, relayed;
  Address client;
  double per_second, burst;
  Handle *handle = read_relay(env, info, 7, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[1], &listener) || !read_address(env, arguments[2], arguments[3], &client) ||
      !read_uint(env, arguments[4], &relayed) || napi_get_value_double(env, arguments[5], &per_second) != napi_ok ||
      napi_get_value_double(env, arguments[6], &burst) != napi_ok)
    return fail(env, "EINVAL", "open");
  Table *table = relay_lock(handle->relay);
  Flow *flow = NULL;
  if (relay_has(handle->relay, listener) && relay_has(handle->relay, relayed))
    flow = table_add(table, listener, &client, relayed);
  if (flow != NULL) {
    flow->to_peers = flow->to_client = (Bucket){
        .per_second = per_second, .most = burst, .left = burst, .updated_seconds = relay_now_seconds()};
    relay_tie(handle->relay, relayed, flow);
  }
  relay_unlock(handle->relay);
  return number(env, flow == NULL ? -1 : (double)flow->number);
}

static Flow *read_flow(napi_env env, napi_value value, const Table *table) {
  uint32_t flow;
  return read_uint(env, value, &flow) ? table_get(table, flow) : NULL;
}

/* end(relay, flow): before its sockets are shut */
static napi_value end_flow(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  Handle *handle = read_relay(env, info, 2, arguments);
  if (handle == NULL) return NULL;
  Table *table = relay_lock(handle->relay);
  Flow *flow = read_flow(env, arguments[1], table);
  if (flow != NULL) {
    relay_tie(handle->relay, flow->relay, NULL);
    table_remove(table, flow);
  }
  relay_unlock(handle->relay);
  return NULL;
}

/* channel(relay, flow, number, peerAddress, peerPort): whether there was room */
static napi_value bind_channel(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t channel;
  Address peer;
  Handle *handle = read_relay(env, info, 5, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[2], &channel) || channel < CHANNEL_FIRST || channel > CHANNEL_LAST)
    return fail(env, "EINVAL", "channel");
  const bool known = read_address(env, arguments[3], arguments[4], &peer);
  Flow *flow = read_flow(env, arguments[1], relay_lock(handle->relay));
  const bool bound = known && flow != NULL && flow_bind(flow, (uint16_t)channel, &peer);
  relay_unlock(handle->relay);
  return boolean(env, bound);
}

/* channelToFlow(relay, flow, number, peerFlow): whether there was room */
static napi_value bind_channel_to_flow(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t channel;
  Handle *handle = read_relay(env, info, 4, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[2], &channel) || channel < CHANNEL_FIRST || channel > CHANNEL_LAST)
    return fail(env, "EINVAL", "channelToFlow");
  Table *table = relay_lock(handle->relay);
  Flow *flow = read_flow(env, arguments[1], table), *peer = read_flow(env, arguments[3], table);
  const bool bound = flow != NULL && peer != NULL && flow_bind_flow(flow, (uint16_t)channel, peer);
  relay_unlock(handle->relay);
  return boolean(env, bound);
}

/* unbind(relay, flow, number) */
static napi_value unbind_channel(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t channel;
  Handle *handle = read_relay(env, info, 3, arguments);
  if (handle == NULL) return NULL;
  if (!read_uint(env, arguments[2], &channel) || channel > CHANNEL_LAST) return fail(env, "EINVAL", "unbind");
  Flow *flow = read_flow(env, arguments[1], relay_lock(handle->relay));
  if (flow != NULL) flow_unbind(flow, (uint16_t)channel);
  relay_unlock(handle->relay);
  return NULL;
}

/* traffic(relay, flow, Float64Array(6)): what it has passed on, in the order of table.h */
static napi_value traffic(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  size_t length;
  Handle *handle = read_relay(env, info, 3, arguments);
  if (handle == NULL) return NULL;
  double *result = read_array(env, arguments[2], napi_float64_array, &length);
  if (result == NULL || length < TRAFFIC) return fail(env, "EINVAL", "traffic");
  const Flow *flow = read_flow(env, arguments[1], relay_lock(handle->relay));
  if (flow != NULL) memcpy(result, flow->traffic, sizeof flow->traffic);
  relay_unlock(handle->relay);
  return NULL;
}

/* take(relay, flow, toPeers, bytes): whether so many bytes may pass now by another way */
static napi_value take(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  bool to_peers, taken = false;
  uint32_t bytes;
  Handle *handle = read_relay(env, info, 4, arguments);
  if (handle == NULL) return NULL;
  if (napi_get_value_bool(env, arguments[2], &to_peers) != napi_ok || !read_uint(env, arguments[3], &bytes))
    return fail(env, "EINVAL", "take");
  Flow *flow = read_flow(env, arguments[1], relay_lock(handle->relay));
  if (flow != NULL) taken = bucket_take(to_peers ? &flow->to_peers : &flow->to_client, bytes, relay_now_seconds());
  relay_unlock(handle->relay);
  return boolean(env, taken);
}

void export_flows(napi_env env, napi_value exports) {
  static const Function functions[] = {{"open", open_flow},
                                       {"end", end_flow},
                                       {"channel", bind_channel},
                                       {"channelToFlow", bind_channel_to_flow},
                                       {"unbind", unbind_channel},
                                       {"traffic", traffic},
                                       {"take", take}};
  export_functions(env, exports, functions, sizeof functions / sizeof *functions);
}
