// What the skeleton viewer uses of three.js. three.min.js is made of this file by
//   npm install three@0.187.0 esbuild@0.28.2
//   npx esbuild entry.js --bundle --minify --format=esm --legal-comments=inline --outfile=three.min.js
export {
  AmbientLight,
  BufferAttribute,
  BufferGeometry,
  CircleGeometry,
  Color,
  CylinderGeometry,
  DirectionalLight,
  DynamicDrawUsage,
  Fog,
  IcosahedronGeometry,
  InstancedBufferAttribute,
  InstancedMesh,
  LineBasicMaterial,
  LineSegments,
  MeshBasicMaterial,
  MeshLambertMaterial,
  PerspectiveCamera,
  Scene,
  WebGLRenderer,
} from "three";
